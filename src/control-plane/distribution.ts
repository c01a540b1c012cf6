import { stat } from 'node:fs/promises';
import { renderBlock } from '../document/render.ts';
import { ControlPlaneError } from './errors.ts';
import { findFile } from './file-plan.ts';

/** The tools that write the settings of an API server themselves. */
type DistributionName = 'rke2' | 'k3s' | 'microk8s' | 'minikube';

/** A tool that owns the settings of the API server on a node, so that no other program may change them. */
export interface Distribution {
  readonly name: DistributionName;
  /** As the tool writes its own name. */
  readonly title: string;
  /** What shows that this node is of this tool, as a clause. */
  readonly because: string;
  /** What happens to a change of its files by another program, as a clause. */
  readonly fate: string;
  /** The file with the flags of the API server, which can be read. */
  readonly flagFile: string | undefined;
}

/** What is known about a node. */
interface NodeSigns {
  /** The file that should be the manifest of kube-apiserver. */
  readonly manifestFile: string;
  /** Its text; `undefined` if there is no such file. */
  readonly text: string | undefined;
  /** Whether a folder of the node exists. Asked only if there is no manifest. */
  readonly hasFolder: (path: string) => Promise<boolean>;
}

interface Signature extends Omit<Distribution, 'because'> {
  /** In the path of the manifest. */
  readonly path: RegExp;
  /** In the text of the manifest. */
  readonly content: RegExp;
  /** Folders of its servers. */
  readonly folders: readonly string[];
}

const SIGNATURES: readonly Signature[] = [
  {
    name: 'rke2',
    title: 'RKE2',
    path: /\/rancher\/rke2\//,
    content: /\/var\/lib\/rancher\/rke2\/|rancher\/hardened-kubernetes:/,
    folders: ['/var/lib/rancher/rke2/server', '/etc/rancher/rke2'],
    flagFile: '/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml',
    fate: 'RKE2 writes this manifest again at each start of rke2-server',
  },
  {
    name: 'k3s',
    title: 'k3s',
    path: /\/rancher\/k3s\//,
    content: /^kube-apiserver-arg:/m,
    folders: ['/var/lib/rancher/k3s/server', '/etc/rancher/k3s'],
    flagFile: '/etc/rancher/k3s/config.yaml',
    fate: 'k3s runs the API server inside its own process, with the flags of /etc/rancher/k3s/config.yaml',
  },
  {
    name: 'microk8s',
    title: 'MicroK8s',
    path: /\/microk8s\//,
    content: /^--[\w-]+=\$\{?SNAP/m,
    folders: ['/var/snap/microk8s'],
    flagFile: '/var/snap/microk8s/current/args/kube-apiserver',
    fate: 'MicroK8s runs the API server inside kubelite, with the flags of /var/snap/microk8s/current/args/kube-apiserver',
  },
  {
    name: 'minikube',
    title: 'minikube',
    path: /\/minikube\//,
    content: /\/var\/lib\/minikube\//,
    folders: ['/var/lib/minikube'],
    flagFile: undefined,
    fate: 'minikube makes this manifest again at each `minikube start` of a stopped cluster',
  },
];

/** The tool that owns the API server of a node; `undefined` for kubeadm and its relatives, whose manifest may be changed. */
export async function recogniseDistribution({
  manifestFile,
  text,
  hasFolder,
}: NodeSigns): Promise<Distribution | undefined> {
  for (const { path, content, folders, ...distribution } of SIGNATURES) {
    if (path.test(manifestFile)) return { ...distribution, because: `its file is ${manifestFile}` };
    const found = text === undefined ? undefined : content.exec(text)?.[0];
    if (found !== undefined)
      return { ...distribution, because: `${manifestFile} contains ${JSON.stringify(found)}` };
    if (text !== undefined) continue;
    for (const folder of folders)
      if (await hasFolder(folder))
        return { ...distribution, because: `there is ${folder}, and no ${manifestFile}` };
  }
  return undefined;
}

/**
 * The tool that owns the API server of this machine. Folders are looked for only if the manifest does not exist.
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE
 */
export async function distributionOfNode(manifestFile: string): Promise<Distribution | undefined> {
  const text = (await findFile(manifestFile))?.content.toString();
  const hasFolder = async (path: string): Promise<boolean> =>
    stat(path)
      .then((found) => found.isDirectory())
      .catch(() => false);
  return recogniseDistribution({ manifestFile, text, hasFolder });
}

/** A tool that owns the API server, and the settings that it has to be given. */
export interface Owner {
  readonly distribution: Distribution;
  /** Text of several lines. */
  readonly settings: string;
}

/**
 * Refuses a change of an API server that another tool owns.
 * @throws {ControlPlaneError} NODE_OWNED
 */
export function refuseOwned(owner: Owner | undefined): void {
  if (owner === undefined) return;
  const { distribution, settings } = owner;
  throw new ControlPlaneError(
    'NODE_OWNED',
    `${describeOwner(distribution)}; nothing was changed. Write the gate's files with --out FOLDER, copy them to this node, start the gate, and give ${distribution.title} these settings:\n${settings}`,
  );
}

/** Why no file of the API server is changed. */
export function describeOwner({ title, because, fate }: Distribution): string {
  return `the API server of this node belongs to ${title}, because ${because}: ${fate}`;
}

/** The wiring, in the words of the tool that owns the API server. */
interface WiringSettings {
  /** All plugins to enable; none if the wiring needs only plugins that are enabled by default. */
  readonly plugins: readonly string[];
  /** The path of the `AdmissionConfiguration` on the node. */
  readonly configurationFile: string;
  /** The folder of the gate on the node. */
  readonly folder: string;
}

/** The settings of a tool for a wiring, with the command that makes it read them. */
export function renderDistributionSettings(
  { name }: Pick<Distribution, 'name'>,
  { plugins, configurationFile, folder }: WiringSettings,
): string {
  const flags = [
    ...(plugins.length === 0 ? [] : [`enable-admission-plugins=${plugins.join(',')}`]),
    `admission-control-config-file=${configurationFile}`,
  ];
  switch (name) {
    case 'rke2':
      return `# add to /etc/rancher/rke2/config.yaml on each server, then: systemctl restart rke2-server
${renderBlock({ 'kube-apiserver-arg': flags, 'kube-apiserver-extra-mount': [`${folder}:${folder}:ro`] }, { indentSeq: false })}`;
    case 'k3s':
      return `# add to /etc/rancher/k3s/config.yaml on each server, then: systemctl restart k3s
${renderBlock({ 'kube-apiserver-arg': flags }, { indentSeq: false })}`;
    case 'microk8s':
      return `# set in /var/snap/microk8s/current/args/kube-apiserver, then: microk8s stop && microk8s start
${flags.map((flag) => `--${flag}\n`).join('')}`;
    case 'minikube':
      return `# the API server of minikube sees only /var/lib/minikube/certs: give --folder /var/lib/minikube/certs/kube-image-bouncer
minikube stop
minikube start ${flags.map((flag) => `--extra-config=apiserver.${flag}`).join(' ')}
`;
  }
}
