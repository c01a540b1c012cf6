import type { KubernetesObject } from '../kubernetes/object.ts';
import type { Stage } from '../policy/stage.ts';
import { WEBHOOKS } from '../wiring/names.ts';
import { decodeWebhooks, hasAddress, namespacesLeftOut } from '../wiring/webhook-configuration.ts';

/** The wiring that is active through our webhook configuration in a cluster. */
interface WiringInForce {
  /** `undefined` if a gate does not answer at the path, for example in a configuration that was written by hand. */
  readonly stage: Stage | undefined;
  /** The namespace of the gate's Service; `undefined` if the gate is outside the cluster. */
  readonly namespace: string | undefined;
  /** The namespaces that the webhook excludes by their names. */
  readonly leftOut: readonly string[];
}

/** The wiring of a configuration; `undefined` if it has no webhook for images with an address. */
export function readWiring(configuration: KubernetesObject | undefined): WiringInForce | undefined {
  const webhook = decodeWebhooks(configuration).find(({ name }) => name === WEBHOOKS.images);
  if (webhook === undefined || !hasAddress(webhook)) return undefined;
  const { stage, target, namespaceSelector } = webhook;
  const namespace = target.form === 'service' && target.namespace !== '' ? target.namespace : undefined;
  return { stage, namespace, leftOut: namespacesLeftOut(namespaceSelector) };
}
