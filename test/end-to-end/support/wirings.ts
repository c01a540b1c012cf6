import type { KeyPair } from '../../../src/certificate/authority.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';

/** A rule of a webhook configuration: which requests are sent to the gate. */
export interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE' | '*')[];
}

/** What differs between one webhook wiring and another. */
export interface WebhookWiring {
  readonly url: string;
  /** The certificate authority that the API server trusts for `url`, in PEM. */
  readonly authority: string;
  readonly rules: readonly WebhookRule[];
  /** @default Fail */
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** @default ['v1'] */
  readonly admissionReviewVersions?: readonly ('v1' | 'v1beta1')[];
}

/** The name under which our webhook appears in every refusal. */
export const webhookName = 'images.kube-image-bouncer.io';

/** Pods and their ephemeral containers: the least that catches every image that runs. */
export const podRules: readonly WebhookRule[] = [
  { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
  { apiGroups: [''], apiVersions: ['v1'], resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] },
];

/** Pods and everything in Kubernetes itself that makes pods. */
export const workloadRules: readonly WebhookRule[] = [
  ...podRules,
  {
    apiGroups: [''],
    apiVersions: ['v1'],
    resources: ['replicationcontrollers', 'podtemplates'],
    operations: ['CREATE', 'UPDATE'],
  },
  {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    resources: ['deployments', 'replicasets', 'statefulsets', 'daemonsets'],
    operations: ['CREATE', 'UPDATE'],
  },
  {
    apiGroups: ['batch'],
    apiVersions: ['v1'],
    resources: ['jobs', 'cronjobs'],
    operations: ['CREATE', 'UPDATE'],
  },
];

const configurationName = 'kube-image-bouncer';
let wirings = 0;

/**
 * Wires the gate as a validating webhook and waits until the API server acts on it.
 * It replaces what an earlier call wired.
 */
export async function wireWebhook(controlPlane: ControlPlane, wiring: WebhookWiring): Promise<void> {
  wirings += 1;
  const canary = String(wirings);
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: configurationName },
    webhooks: [
      {
        name: webhookName,
        clientConfig: { url: wiring.url, caBundle: base64(wiring.authority) },
        rules: wiring.rules,
        failurePolicy: wiring.failurePolicy ?? 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: wiring.admissionReviewVersions ?? ['v1'],
        timeoutSeconds: 10,
      },
      canaryWebhook(canary),
    ],
  };
  await applied(controlPlane, configuration);
  await eventually('the API server acts on the webhook configuration', async () =>
    (await isCanaryRefused(controlPlane, canary)) ? true : undefined,
  );
}

/** Takes away what {@link wireWebhook} wired and waits until the API server calls the gate no more. */
export async function unwireWebhook(controlPlane: ControlPlane): Promise<void> {
  const canary = String(wirings);
  await controlPlane.kubectl([
    'delete',
    'validatingwebhookconfiguration',
    configurationName,
    '--ignore-not-found',
  ]);
  await eventually('the API server forgets the webhook configuration', async () =>
    (await isCanaryRefused(controlPlane, canary)) ? undefined : true,
  );
}

// The API server picks a configuration up some time after it was stored and does not say when. So each configuration has a second
// webhook without a server, for ConfigMaps with this wiring's own label. As soon as such a ConfigMap is refused, the whole
// configuration is active.
function canaryWebhook(canary: string): object {
  return {
    name: 'canary.kube-image-bouncer.io',
    clientConfig: { url: 'https://127.0.0.1:1/' },
    objectSelector: { matchLabels: { canary } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }],
    failurePolicy: 'Fail',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
}

async function isCanaryRefused(controlPlane: ControlPlane, canary: string): Promise<boolean> {
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'canary', labels: { canary } } };
  const { code } = await controlPlane.kubectl(['create', '--dry-run=server', '--filename=-'], {
    stdin: JSON.stringify(configMap),
  });
  return code !== 0;
}

async function applied(controlPlane: ControlPlane, object: object): Promise<void> {
  const { code, stderr } = await controlPlane.kubectl(['apply', '--filename=-'], {
    stdin: JSON.stringify(object),
  });
  if (code !== 0) throw new Error(`kubectl apply of the wiring: ${stderr}`);
}

/** What the `ImagePolicyWebhook` plugin reads besides the way to the gate; times as the plugin wants them. */
export interface ImagePolicySettings {
  readonly kubeConfigFile: string;
  /** Seconds that a verdict is remembered; -1 asks the gate every time. @default -1 */
  readonly allowTTL?: number;
  /** @default -1 */
  readonly denyTTL?: number;
  /** @default false */
  readonly defaultAllow?: boolean;
}

/** The `AdmissionConfiguration` that wires the gate as `ImagePolicyWebhook`. */
export function imagePolicyAdmission(settings: ImagePolicySettings): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [
      {
        name: 'ImagePolicyWebhook',
        configuration: {
          imagePolicy: {
            allowTTL: -1,
            denyTTL: -1,
            retryBackoff: 100,
            defaultAllow: false,
            ...settings,
          },
        },
      },
    ],
  };
}

/** The way to the gate that the `ImagePolicyWebhook` plugin reads: a kubeconfig, whose context the plugin insists on. */
export function gateKubeconfig(way: {
  readonly url: string;
  readonly authority: string;
  readonly client?: KeyPair;
}): object {
  const { url, authority, client } = way;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'gate', cluster: { server: url, 'certificate-authority-data': base64(authority) } }],
    users: [
      {
        name: 'api-server',
        user:
          client === undefined
            ? {}
            : {
                'client-certificate-data': base64(client.certificate),
                'client-key-data': base64(client.key),
              },
      },
    ],
    contexts: [{ name: 'gate', context: { cluster: 'gate', user: 'api-server' } }],
    'current-context': 'gate',
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
