import { join } from 'node:path';

/** Path of the gate's folder in a container. The image allows it to read no other folder. */
export const CONTAINER_FOLDER = '/etc/kubernetes/kube-image-bouncer';

/** Common name of the client certificate of the API server. */
export const API_SERVER_NAME = 'kube-apiserver';

/** Options of a gate on a control-plane node. */
export interface NodeGate {
  /** The address on which it listens. */
  readonly address: string;
  readonly port: number;
  readonly healthPort: number;
  /** Tag of the language of denials. @default English */
  readonly language?: string | undefined;
}

/** Names of the files in the folder of the gate. */
export const GATE_FILES = {
  certificate: 'pki/tls.crt',
  key: 'pki/tls.key',
  /** The authorities that the API server trusts. */
  authority: 'pki/ca.crt',
  authorityKey: 'pki/ca.key',
  /** The authority of client certificates, if it is not `authority`. */
  clientAuthority: 'pki/client-ca.crt',
  clientAuthorityKey: 'pki/client-ca.key',
  clientCertificate: 'pki/apiserver-client.crt',
  clientKey: 'pki/apiserver-client.key',
  policy: 'policy.yaml',
  admissionConfiguration: 'admission-configuration.yaml',
  kubeconfig: 'kubeconfig.yaml',
  kubeadmConfiguration: 'kubeadm/cluster-configuration.yaml',
  kubeadmPatch: 'kubeadm/patches/kube-apiserver0+json.yaml',
} as const;

/**
 * The flags of Node in every command line that this program writes. They switch off the inspector, `__proto__`, code
 * from strings, child processes, addons and writing files, and they halve the memory. A thread is allowed, because it
 * reads policies; Node would print a warning about that. The flags for files that Node may read are added by the caller.
 */
export const NODE_FLAGS: readonly string[] = [
  '--disable-sigusr1',
  '--max-semi-space-size=4',
  '--heap-growing-percent=60',
  '--disable-proto=delete',
  '--disallow-code-generation-from-strings',
  '--permission',
  '--allow-worker',
  '--disable-warning=PERM0006',
];

/** The static pod of the gate, in the folder of the static pod of kube-apiserver. */
export const GATE_POD = 'kube-image-bouncer.yaml';

/** Where `bootstrap image-policy --gate systemd` writes the unit. */
export const GATE_UNIT = '/etc/systemd/system/kube-image-bouncer.service';

/** Whether a command line keeps Node from starting the thread that reads policies. */
export function forbidsThreads(words: readonly string[]): boolean {
  return words.includes('--permission') && !words.includes('--allow-worker');
}

/** The input of {@link renderGateArguments}. */
export interface GateArguments extends NodeGate {
  readonly folder: string;
  readonly keyFile: string;
  readonly clientAuthority: 'authority' | 'clientAuthority';
}

/**
 * The arguments of the gate: only the API server can connect (mutual TLS), and the policy is in the folder of the
 * gate.
 */
export function renderGateArguments(options: GateArguments): readonly string[] {
  const { folder, address, port, healthPort, language, keyFile } = options;
  return [
    'serve',
    `--cert=${join(folder, GATE_FILES.certificate)}`,
    `--key=${keyFile}`,
    `--client-ca=${join(folder, GATE_FILES[options.clientAuthority])}`,
    `--client-name=${API_SERVER_NAME}`,
    `--policy=${join(folder, GATE_FILES.policy)}`,
    `--bind=${address}`,
    `--port=${port}`,
    `--health-port=${healthPort}`,
    ...(language === undefined ? [] : [`--language=${language}`]),
  ];
}
