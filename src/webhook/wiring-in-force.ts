import type { KubernetesObject } from '../kubernetes/object.ts';
import type { Stage } from '../policy/stage.ts';
import { isObject, type Fields } from '../document/json.ts';
import { WEBHOOKS } from '../wiring/names.ts';
import { stageOfPath } from '../wiring/paths.ts';

/** What a webhook configuration of ours says, read back from a cluster. */
interface WiringInForce {
  /** `undefined` when the path is not ours, as in a configuration made by hand. */
  readonly stage: Stage | undefined;
  /** Where the gate's Service is; `undefined` when the gate is outside the cluster. */
  readonly namespace: string | undefined;
  /** Namespaces that it leaves out by their names. */
  readonly leftOut: readonly string[];
}

/** The wiring that a configuration makes; `undefined` when there is none. */
export function readWiring(configuration: KubernetesObject | undefined): WiringInForce | undefined {
  const webhook = findWebhook(configuration?.['webhooks']);
  const client = webhook?.['clientConfig'];
  if (webhook === undefined || !isObject(client)) return undefined;
  const { url, service } = client;
  const leftOut = leftOutBy(webhook);
  if (isObject(service)) {
    const { path, namespace } = service;
    return {
      stage: stageOfPath('AdmissionReview', typeof path === 'string' ? path : '/'),
      namespace: typeof namespace === 'string' ? namespace : undefined,
      leftOut,
    };
  }
  const path = typeof url === 'string' ? URL.parse(url)?.pathname : undefined;
  return {
    stage: path === undefined ? undefined : stageOfPath('AdmissionReview', path),
    namespace: undefined,
    leftOut,
  };
}

function findWebhook(webhooks: unknown): Fields | undefined {
  if (!Array.isArray(webhooks)) return undefined;
  return webhooks.find(
    (webhook): webhook is Fields => isObject(webhook) && webhook['name'] === WEBHOOKS.images,
  );
}

function leftOutBy({ namespaceSelector }: Fields): readonly string[] {
  const expressions = isObject(namespaceSelector) ? namespaceSelector['matchExpressions'] : undefined;
  if (!Array.isArray(expressions)) return [];
  return expressions.filter(isObject).flatMap(({ key, operator, values }) => {
    const isByName = key === 'kubernetes.io/metadata.name' && operator === 'NotIn';
    return isByName && Array.isArray(values)
      ? values.filter((value): value is string => typeof value === 'string')
      : [];
  });
}
