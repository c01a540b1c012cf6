import { isAbsolute, join } from 'node:path';
import { parseAdmissionConfiguration } from './admission-configuration.ts';
import {
  type ApiServerManifest,
  IMAGE_POLICY_PLUGIN,
  invalid,
  parseApiServerManifest,
} from './api-server-manifest.ts';
import { wireApiServer } from './api-server-wiring.ts';
import { type Distribution, type Owner, renderDistributionSettings } from './distribution.ts';
import { ControlPlaneError } from './errors.ts';
import { findFile, type PlannedFile } from './file-plan.ts';
import { GATE_FILES, type NodeGate } from './gate-command.ts';
import { renderGateKubeconfig } from './gate-kubeconfig.ts';
import { GATE_USER, renderGatePod } from './gate-pod.ts';
import { fingerprintOf } from './undo-record.ts';
import { renderGateUnit } from './gate-unit.ts';
import { mergeImagePolicy, renderAdmissionConfiguration } from './image-policy-edit.ts';
import type { ImagePolicySettings } from './image-policy-settings.ts';
import { type KubeadmVersion, renderKubeadmConfiguration, renderKubeadmPatch } from './kubeadm.ts';

/** Paths on a control-plane node. */
export interface NodePlaces {
  /** The folder of the gate. */
  readonly folder: string;
  /** The static pod manifest of kube-apiserver. */
  readonly manifest: string;
  /** The static pod manifest of the gate, in the same folder. */
  readonly gatePod: string;
  readonly gateUnit: string;
}

/** The certificates of a gate on a node, PEM. */
export interface NodeCertificates {
  /** The authorities that the API server trusts. */
  readonly trust: string;
  readonly authorityKey: string | undefined;
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly client: { readonly certificate: string; readonly key: string };
  /** The authority of `client`, if it is not `trust`. */
  readonly clientAuthority: { readonly certificate: string; readonly key: string } | undefined;
}

/** How the gate is started. */
export type GateRunner =
  | { readonly kind: 'static-pod'; readonly image: string }
  | { readonly kind: 'systemd'; readonly program: string }
  /** The user starts it. */
  | { readonly kind: 'none' };

interface GatePlanOptions {
  readonly places: NodePlaces;
  readonly gate: NodeGate;
  readonly runner: GateRunner;
  /** `undefined`: they are not signed yet. */
  readonly certificates: NodeCertificates | undefined;
  /** `undefined`: the present policy is kept. */
  readonly policy: string | undefined;
}

const READABLE = 0o644;
/** Mode of files that kubelet and API server read as root, as the CIS benchmark requires. */
const PRIVATE = 0o600;

/** The files of the gate, in the order in which they must be written. */
export function planGate({
  places,
  gate,
  runner,
  certificates,
  policy,
}: GatePlanOptions): readonly PlannedFile[] {
  const { folder } = places;
  const clientAuthority = certificates?.clientAuthority === undefined ? 'authority' : 'clientAuthority';
  const way = { ...gate, folder, clientAuthority } as const;
  return [
    ...(certificates === undefined ? [] : planCertificates(folder, certificates, runner)),
    ...(policy === undefined ? [] : [text(join(folder, GATE_FILES.policy), policy)]),
    text(
      places.gateUnit,
      runner.kind === 'systemd' ? renderGateUnit({ ...way, program: runner.program }) : undefined,
    ),
    // This file is last, because the kubelet starts the pod immediately.
    {
      path: places.gatePod,
      content: runner.kind === 'static-pod' ? renderGatePod({ ...way, image: runner.image }) : undefined,
      mode: PRIVATE,
    },
  ];
}

function text(path: string, content: string | undefined): PlannedFile {
  return { path, content, mode: READABLE };
}

function planCertificates(
  folder: string,
  { trust, authorityKey, serving, client, clientAuthority }: NodeCertificates,
  runner: GateRunner,
): readonly PlannedFile[] {
  const certificate = (name: keyof typeof GATE_FILES, content: string): PlannedFile =>
    text(join(folder, GATE_FILES[name]), content);
  const key = (name: keyof typeof GATE_FILES, content: string, owner = 0): PlannedFile => ({
    path: join(folder, GATE_FILES[name]),
    content,
    mode: PRIVATE,
    owner,
    isKey: true,
  });
  return [
    ...(authorityKey === undefined ? [] : [key('authorityKey', authorityKey)]),
    certificate('authority', trust),
    ...(clientAuthority === undefined
      ? []
      : [
          key('clientAuthorityKey', clientAuthority.key),
          certificate('clientAuthority', clientAuthority.certificate),
        ]),
    // The gate can read only its own key.
    key('key', serving.key, runner.kind === 'static-pod' ? GATE_USER : 0),
    certificate('certificate', serving.certificate),
    key('clientKey', client.key),
    certificate('clientCertificate', client.certificate),
  ];
}

/** The input of {@link planApiServer}. */
export interface ApiServerPlanOptions {
  readonly places: NodePlaces;
  /** `https://host:port/image_policy…` */
  readonly server: string;
  readonly settings: Omit<ImagePolicySettings, 'kubeConfigFile'>;
  /** The authorities that the API server will trust; `undefined` if the certificate is not signed yet. */
  readonly trust: string | undefined;
  readonly kubeadm: KubeadmVersion;
  /** The manifest may be missing, because this machine is not the node. */
  readonly isElsewhere: boolean;
  /** The tool that owns the API server; `undefined` if its manifest may be changed. */
  readonly distribution: Distribution | undefined;
}

/** The files of the API server. */
interface ApiServerPlan {
  /** All except the manifest, in the order in which they must be written. */
  readonly files: readonly PlannedFile[];
  /** `undefined` if this machine is not the node, or if another tool owns the manifest. */
  readonly manifest: PlannedFile | undefined;
  readonly owner: Owner | undefined;
}

/**
 * Plans the files that make the API server call the gate: the kubeconfig, the `AdmissionConfiguration` (merged into
 * the present one), the files for kubeadm, and the manifest.
 *
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE, API_SERVER_MANIFEST_INVALID, ADMISSION_CONFIGURATION_INVALID
 * @throws {EditError} DOCUMENT_NOT_EDITABLE
 * @throws {DocumentError} DOCUMENT_SYNTAX
 */
export async function planApiServer(options: ApiServerPlanOptions): Promise<ApiServerPlan> {
  const { places, server, kubeadm, distribution } = options;
  const inFolder = (name: keyof typeof GATE_FILES): string => join(places.folder, GATE_FILES[name]);
  const settings = { ...options.settings, kubeConfigFile: inFolder('kubeconfig') };
  const written = await readManifest(options);
  const configuration = await planConfiguration(
    written?.manifest,
    settings,
    inFolder('admissionConfiguration'),
    distribution,
  );
  const kubeconfig = renderGateKubeconfig({
    server,
    authorityFile: inFolder('authority'),
    clientCertificateFile: inFolder('clientCertificate'),
    clientKeyFile: inFolder('clientKey'),
  });
  const wiring = {
    configurationFile: configuration.seenAs,
    folder: places.folder,
    fingerprint: fingerprintOf(`${kubeconfig}${configuration.file.content}${options.trust}`).slice(0, 16),
  };
  const present = written?.manifest.enabledPlugins ?? ['NodeRestriction'];
  const plugins = [...new Set([...present, IMAGE_POLICY_PLUGIN])];
  const own = [{ path: inFolder('kubeconfig'), content: kubeconfig, mode: PRIVATE }, configuration.file];
  if (distribution !== undefined) {
    const settings = renderDistributionSettings(distribution, { ...wiring, plugins });
    return { files: own, manifest: undefined, owner: { distribution, settings } };
  }
  return {
    owner: undefined,
    files: [
      ...own,
      text(
        inFolder('kubeadmConfiguration'),
        renderKubeadmConfiguration(kubeadm, {
          ...wiring,
          plugins,
        }),
      ),
      text(inFolder('kubeadmPatch'), renderKubeadmPatch(wiring)),
    ],
    manifest:
      written === undefined
        ? undefined
        : { path: places.manifest, content: wireApiServer(written.text, places.manifest, wiring) },
  };
}

async function readManifest({
  places,
  isElsewhere,
  distribution,
}: ApiServerPlanOptions): Promise<
  { readonly text: string; readonly manifest: ApiServerManifest } | undefined
> {
  const found = await findFile(places.manifest);
  if (found !== undefined) {
    const content = found.content.toString();
    return { text: content, manifest: parseApiServerManifest(content, places.manifest) };
  }
  if (distribution?.flagFile !== undefined) {
    const content = (await findFile(distribution.flagFile))?.content.toString();
    if (content !== undefined)
      return { text: content, manifest: parseApiServerManifest(content, distribution.flagFile) };
  }
  if (isElsewhere || distribution !== undefined) return undefined;
  throw new ControlPlaneError(
    'NODE_FILE_UNREADABLE',
    `${places.manifest}: the manifest of kube-apiserver does not exist (give its path with --manifest, or write files for another machine with --out; a managed control plane has no such file: use bootstrap webhook)`,
  );
}

/** The present configuration of the API server, otherwise a new one. */
async function planConfiguration(
  manifest: ApiServerManifest | undefined,
  settings: ImagePolicySettings,
  own: string,
  distribution: Distribution | undefined,
): Promise<{ readonly file: PlannedFile; readonly seenAs: string }> {
  const seenAs = manifest?.admissionConfigFile ?? own;
  const path = seenAs === own ? own : manifest?.hostPathOf(seenAs);
  const place = (): string =>
    manifest?.positionOf(manifest.flag('admission-control-config-file')?.path ?? []) ?? '';
  if (path === undefined && distribution === undefined)
    throw invalid(
      place(),
      `the API server reads ${seenAs}, and no hostPath volume contains this path (mount the folder, or remove the flag)`,
    );
  const found = path === undefined ? undefined : await findFile(path);
  if (path === undefined || found === undefined) {
    // A tool that owns the flag gets our own file as its new value.
    if (distribution !== undefined)
      return { seenAs: own, file: text(own, renderAdmissionConfiguration(settings)) };
    if (path !== own) throw invalid(place(), `the API server reads ${path}, which does not exist`);
    return { seenAs, file: text(own, renderAdmissionConfiguration(settings)) };
  }
  const content = found.content.toString();
  const present = parseAdmissionConfiguration(content, path);
  if (distribution !== undefined && path !== own) {
    // The tool may write its file again, so its plugins are copied into the file of the gate.
    const relative = present.plugins.find(({ file }) => file !== undefined && !isAbsolute(file.value));
    if (relative !== undefined)
      throw invalid(
        `${path}:${present.positionOf([...relative.path, 'path'])}`,
        'this path is relative, so the plugin cannot be copied into another file (write the absolute path)',
      );
    return { seenAs: own, file: text(own, mergeImagePolicy(content, path, settings)) };
  }
  return { seenAs, file: { path, content: mergeImagePolicy(content, path, settings) } };
}
