import { join } from 'node:path';

/** Where the gate finds its folder in a container; the image lets it read nothing else. */
export const CONTAINER_FOLDER = '/etc/kubernetes/kube-image-bouncer';

/** What the API server is called in the certificate that it shows to the gate. */
export const API_SERVER_NAME = 'kube-apiserver';

/** How the gate runs on a control-plane node. */
export interface NodeGate {
  /** Where it listens. */
  readonly address: string;
  readonly port: number;
  readonly healthPort: number;
  /** Tag of what denials are said in; English without it. */
  readonly language?: string | undefined;
}

/** Names of the files in the gate's folder. */
export const GATE_FILES = {
  certificate: 'pki/tls.crt',
  key: 'pki/tls.key',
  /** What the API server trusts. */
  authority: 'pki/ca.crt',
  authorityKey: 'pki/ca.key',
  /** Who signs for those that may ask, when that is somebody else than `authority`. */
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
 * What Node is started with wherever we write its command line, beside the files that it may read: no inspector, half the
 * memory, no `__proto__`, no code from strings; no child process, worker, addon or written file.
 */
export const NODE_FLAGS: readonly string[] = [
  '--disable-sigusr1',
  '--max-semi-space-size=4',
  '--heap-growing-percent=60',
  '--disable-proto=delete',
  '--disallow-code-generation-from-strings',
  '--permission',
];

export interface GateArguments extends NodeGate {
  readonly folder: string;
  readonly keyFile: string;
  readonly clientAuthority: 'authority' | 'clientAuthority';
}

/** The command line of the gate: mutual TLS with the API server alone, and the policy of its folder. */
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
