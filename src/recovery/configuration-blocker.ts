import type { Edit } from '../document/edit.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { describeObject, type KubernetesObject, type ObjectReference } from '../kubernetes/object.ts';
import type { Blocker, Step } from './blocker.ts';
import { RecoveryError } from './errors.ts';
import type { ProbeResult } from './probes.ts';
import { decodeWebhooks, isOurs, type SeenWebhook } from '../wiring/webhook-configuration.ts';
import { describeAddress, entriesOf } from './webhook-entry.ts';
import { remediesOf, type Remedy } from './webhook-remedies.ts';

const COLLECTION = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
} as const;

/** The name of the resource for kubectl. */
const RESOURCE = 'validatingwebhookconfiguration';

/** Milliseconds until an API server applies a changed configuration. It watches the configurations. */
const SETTLE_MS = 8_000;

/**
 * The webhook configurations that call a gate: our own configurations, and those in `named`.
 * @throws {RecoveryError} BLOCKER_NOT_FOUND if a named configuration does not exist.
 */
export async function findConfigurations(
  client: KubernetesClient,
  named: readonly string[],
): Promise<readonly KubernetesObject[]> {
  const all: KubernetesObject[] = [];
  for await (const configuration of client.list(COLLECTION)) all.push(configuration);
  const absent = named.find((name) => !all.some(({ metadata }) => metadata.name === name));
  if (absent !== undefined) {
    const there = all.map(({ metadata }) => metadata.name).join(', ');
    throw new RecoveryError(
      'BLOCKER_NOT_FOUND',
      `ValidatingWebhookConfiguration ${JSON.stringify(absent)} does not exist (${there === '' ? 'the cluster has none' : `the cluster has ${there}`})`,
    );
  }
  return all.filter(
    (configuration) =>
      decodeWebhooks(configuration).some(isOurs) || named.includes(configuration.metadata.name),
  );
}

/** The namespaces of gates: those of the Services that these configurations call. */
export function gateNamespacesOf(configurations: readonly KubernetesObject[]): readonly string[] {
  const targets = configurations.flatMap(entriesOf).map(({ target }) => target);
  const namespaces = targets.flatMap((target) => (target.form === 'service' ? [target.namespace] : []));
  return [...new Set(namespaces.filter((namespace) => namespace !== ''))];
}

/** One blocker for each webhook of a configuration in the API. */
export function blockersOf(client: KubernetesClient, configuration: KubernetesObject): readonly Blocker[] {
  return entriesOf(configuration).map(({ name }) =>
    configurationBlocker(client, configuration.metadata.name, name),
  );
}

function configurationBlocker(client: KubernetesClient, configuration: string, webhook: string): Blocker {
  const reference: ObjectReference = { ...COLLECTION, name: configuration };
  const read = async (): Promise<{ object: KubernetesObject; entry: SeenWebhook } | undefined> => {
    const object = await client.get(reference);
    const entry = object && entriesOf(object).find(({ name }) => name === webhook);
    return object === undefined || entry === undefined ? undefined : { object, entry };
  };
  return {
    name: `webhook ${webhook} of ${describeObject(reference)}`,
    settleMs: SETTLE_MS,
    isWatchedElsewhere: false,
    blames: ({ plugin, name }) => plugin === 'webhook' && name === webhook,
    describe: async () => {
      const found = await read();
      return found && `failurePolicy ${found.entry.failurePolicy}, calls ${describeAddress(found.entry)}`;
    },
    steps: async (results: readonly ProbeResult[]) => {
      const found = await read();
      if (found === undefined) return [];
      const { object, entry } = found;
      return remediesOf(entry, results).map((remedy) =>
        // Delete the configuration if it would have no webhooks left.
        remedy.kind === 'remove' && entriesOf(object).length === 1
          ? deletionStep(client, reference, object, remedy)
          : patchStep(client, reference, object, entry, remedy),
      );
    },
  };
}

function deletionStep(
  client: KubernetesClient,
  reference: ObjectReference,
  before: KubernetesObject,
  remedy: Remedy,
): Step {
  return {
    ...remedy,
    byHand: [`kubectl delete ${RESOURCE} ${reference.name}`],
    foresee: async () => [{ kind: 'object', before, after: undefined }],
    perform: async () => {
      await client.delete(reference);
    },
  };
}

function patchStep(
  client: KubernetesClient,
  reference: ObjectReference,
  before: KubernetesObject,
  entry: SeenWebhook,
  remedy: Remedy,
): Step {
  // If the list has changed, the index may belong to another webhook. The test operations detect this.
  const guarded = [
    { op: 'test', path: `/webhooks/${entry.index}/name`, value: entry.name },
    ...remedy.edits.map(patchOf),
  ];
  const unchanged = { op: 'test', path: '/metadata/resourceVersion', value: before.metadata.resourceVersion };
  const patch = JSON.stringify(guarded).replaceAll("'", String.raw`'\''`);
  return {
    ...remedy,
    byHand: [`kubectl patch ${RESOURCE} ${reference.name} --type=json -p '${patch}'`],
    foresee: async () => [
      {
        kind: 'object',
        before,
        after: await client.patch(reference, [unchanged, ...guarded], { dryRun: true }),
      },
    ],
    perform: async () => {
      await client.patch(reference, [unchanged, ...guarded]);
    },
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc6902 */
function patchOf(edit: Edit): object {
  const path = edit.path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
  // `add` replaces the value of a key. Items of lists are only removed here.
  return edit.kind === 'set' ? { op: 'add', path, value: edit.value } : { op: 'remove', path };
}
