import type { KubernetesObject } from '../kubernetes/object.ts';
import { isObject } from '../document/json.ts';
import {
  CLIENT_AUTHORITY_CONFIG_MAP,
  GATE_NAME,
  HEALTH_PORT,
  LABELS,
  POLICY_CONFIG_MAP,
  POLICY_KEY,
  REVIEW_PORT,
  SELECTOR_LABELS,
  TLS_SECRET,
} from '../wiring/names.ts';

/** The only client that the gate accepts. */
export interface AdmittedClient {
  readonly commonName: string;
  /** PEM of the CA of its certificate. @default the gate's own CA */
  readonly authority: string | undefined;
}

/** The input of the gate's Deployment. */
export interface GateDeployment {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly client: AdmittedClient | undefined;
  /** Language tag of denials. @default English */
  readonly language?: string | undefined;
}

/** Mount points of the Secret and the ConfigMaps. Each is a folder, so that the kubelet updates its files. */
const MOUNTS = {
  tls: '/etc/kube-image-bouncer/tls',
  policy: '/etc/kube-image-bouncer/policy',
  clientAuthority: '/etc/kube-image-bouncer/client-authority',
} as const;

/** The argument of the gate for its language. */
const LANGUAGE_ARGUMENT = '--language=';

/** The user without privileges of distroless images. */
const USER_ID = 65532;

/** Readable by the group, because the files belong to root and to the group of {@link USER_ID}. */
const SECRET_MODE = 0o440;

/** The gate as a Deployment. It conforms to the `restricted` Pod Security Standard and stays available during drains. */
export function renderDeployment(gate: GateDeployment): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: GATE_NAME, namespace: gate.namespace, labels: LABELS },
    spec: {
      replicas: gate.replicas,
      revisionHistoryLimit: 3,
      selector: { matchLabels: SELECTOR_LABELS },
      // A new pod is ready before an old one stops.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels: LABELS }, spec: renderPodSpec(gate) },
    },
  };
}

function renderPodSpec(gate: GateDeployment): object {
  const { client } = gate;
  return {
    serviceAccountName: GATE_NAME,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    priorityClassName: 'system-cluster-critical',
    // Longer than the 10 seconds for which the gate serves after SIGTERM.
    terminationGracePeriodSeconds: 30,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER_ID,
      runAsGroup: USER_ID,
      fsGroup: USER_ID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(
      (topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        // If the cluster has too few nodes, the pods of the gate may share a node.
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: SELECTOR_LABELS },
      }),
    ),
    containers: [renderContainer(gate)],
    volumes: [
      { name: 'tls', secret: { secretName: TLS_SECRET, defaultMode: SECRET_MODE } },
      { name: 'policy', configMap: { name: POLICY_CONFIG_MAP } },
      ...(client?.authority === undefined
        ? []
        : [{ name: 'client-authority', configMap: { name: CLIENT_AUTHORITY_CONFIG_MAP } }]),
    ],
  };
}

function renderContainer({ image, client, language }: GateDeployment): object {
  return {
    name: 'gate',
    image,
    imagePullPolicy: 'IfNotPresent',
    args: [
      'serve',
      `--cert=${MOUNTS.tls}/tls.crt`,
      `--key=${MOUNTS.tls}/tls.key`,
      `--policy=${MOUNTS.policy}/${POLICY_KEY}`,
      `--port=${REVIEW_PORT}`,
      `--health-port=${HEALTH_PORT}`,
      ...clientArguments(client),
      ...(language === undefined ? [] : [`${LANGUAGE_ARGUMENT}${language}`]),
    ],
    ports: [
      { name: 'https', containerPort: REVIEW_PORT, protocol: 'TCP' },
      { name: 'health', containerPort: HEALTH_PORT, protocol: 'TCP' },
    ],
    livenessProbe: probe('/livez', { periodSeconds: 10, failureThreshold: 3 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 2 }),
    // No CPU limit: throttling the gate would delay every request of the cluster.
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '384Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tls', mountPath: MOUNTS.tls, readOnly: true },
      { name: 'policy', mountPath: MOUNTS.policy, readOnly: true },
      ...(client?.authority === undefined
        ? []
        : [{ name: 'client-authority', mountPath: MOUNTS.clientAuthority, readOnly: true }]),
    ],
  };
}

function clientArguments(client: AdmittedClient | undefined): readonly string[] {
  if (client === undefined) return [];
  const folder = client.authority === undefined ? MOUNTS.tls : MOUNTS.clientAuthority;
  return [`--client-ca=${folder}/ca.crt`, `--client-name=${client.commonName}`];
}

function probe(
  path: string,
  times: { readonly periodSeconds: number; readonly failureThreshold: number },
): object {
  return { httpGet: { path, port: 'health', scheme: 'HTTP' }, timeoutSeconds: 2, ...times };
}

/** The language of a Deployment of {@link renderDeployment}. */
export function languageOf({ spec }: KubernetesObject): string | undefined {
  const template = isObject(spec) ? spec['template'] : undefined;
  const pod = isObject(template) ? template['spec'] : undefined;
  const containers: readonly unknown[] =
    isObject(pod) && Array.isArray(pod['containers']) ? pod['containers'] : [];
  const words: readonly unknown[] = containers.filter(isObject).flatMap(({ args }) => args);
  const argument = words.find((word) => typeof word === 'string' && word.startsWith(LANGUAGE_ARGUMENT));
  return typeof argument === 'string' ? argument.slice(LANGUAGE_ARGUMENT.length) : undefined;
}
