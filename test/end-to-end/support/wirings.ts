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

/** The options of a webhook wiring. */
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

/** The name of our webhook in every refusal. */
export const webhookName = 'images.kube-image-bouncer.io';

/** Pods and their ephemeral containers: the smallest rules that review every image that runs. */
export const podRules: readonly WebhookRule[] = [
  { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
  { apiGroups: [''], apiVersions: ['v1'], resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] },
];

/** Pods and all built-in kinds that create pods. */
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
 * Wires the gate as a validating webhook and waits until the API server applies it. It replaces the wiring of an
 * earlier call.
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

/** Removes the wiring of {@link wireWebhook} and waits until the API server no longer calls the gate. */
export async function unwireWebhook(controlPlane: ControlPlane): Promise<void> {
  const canary = String(wirings);
  await controlPlane.kubectl([
    'delete',
    'validatingwebhookconfiguration',
    configurationName,
    '--ignore-not-found',
  ]);
  await eventually('the API server no longer applies the webhook configuration', async () =>
    (await isCanaryRefused(controlPlane, canary)) ? undefined : true,
  );
}

// The API server applies a configuration some time after it was stored, and does not report when. Therefore each
// configuration has a second webhook without a server, for ConfigMaps with the label of this wiring. As soon as such
// a ConfigMap is refused, the whole configuration is active.
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

/**
 * The configuration of the `ImagePolicyWebhook` plugin without its kubeconfig. Times have the units of the plugin.
 */
export interface ImagePolicySettings {
  readonly kubeConfigFile: string;
  /** Seconds for which a verdict is cached; -1 calls the gate every time. @default -1 */
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

/**
 * The kubeconfig with which the `ImagePolicyWebhook` plugin reaches the gate. The plugin requires a current context.
 */
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
