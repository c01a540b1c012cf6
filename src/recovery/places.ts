import type { KubernetesClient } from '../kubernetes/client.ts';
import { RecoveryError } from './errors.ts';

/** The objects that must be creatable before a recovery stops. */
const GOALS = ['kube-system', 'default', 'all'] as const;

export type Goal = (typeof GOALS)[number];

/** A place where objects are created in a dry run. */
export interface TrialPlace {
  /** `undefined` for cluster-scoped objects. */
  readonly namespace: string | undefined;
  readonly role:
    /** Nodes or the control plane need it. */
    | 'vital'
    /** The namespace of a gate, which must be able to start again. */
    | 'gate'
    /** A namespace that the caller named. It counts as vital. */
    | 'named'
    /** Any other namespace. */
    | 'other';
  /** Whether the goal requires that objects can be created here. */
  readonly isWanted: boolean;
}

interface TrialPlaceOptions {
  readonly goal: Goal;
  /** Possible namespaces of gates. */
  readonly gateNamespaces: readonly string[];
  /** Namespaces that the caller named. */
  readonly namespaces: readonly string[];
}

/**
 * The places for trials: the places that nodes and the control plane need, the namespace of the gate, the named
 * namespaces, and the namespaces of the goal. `default` is always included, so that the report shows its state.
 * @throws {RecoveryError} BLOCKER_NOT_FOUND if a named namespace does not exist.
 */
export async function choosePlaces(
  client: KubernetesClient,
  wanted: TrialPlaceOptions,
): Promise<readonly TrialPlace[]> {
  const { goal, gateNamespaces, namespaces } = wanted;
  const existing = await namespacesOf(client);
  const absent = namespaces.find((name) => !existing.has(name));
  if (absent !== undefined)
    throw new RecoveryError('BLOCKER_NOT_FOUND', `namespace ${JSON.stringify(absent)} does not exist`);
  const named = new Set(namespaces);
  const gates = gateNamespaces.filter((name) => existing.has(name));
  const places = [
    ...VITAL.filter((name) => existing.has(name)).map((name) => trialPlace(name, 'vital', true)),
    trialPlace(undefined, 'vital', true),
    ...gates.map((name) => trialPlace(name, 'gate', true)),
    ...namespaces.map((name) => trialPlace(name, 'named', true)),
    ...['default']
      .filter((name) => !named.has(name))
      .map((name) => trialPlace(name, 'other', goal !== 'kube-system')),
    ...(goal === 'all' ? [...existing].map((name) => trialPlace(name, 'other', true)) : []),
  ];
  return [...Map.groupBy(places, ({ namespace }) => namespace).values()].flatMap((same) => same.slice(0, 1));
}

/**
 * Nodes renew their Leases in `kube-node-lease`. Without renewed Leases, the control plane evicts the pods of the
 * nodes.
 */
const VITAL = ['kube-system', 'kube-node-lease'];

function trialPlace(namespace: string | undefined, role: TrialPlace['role'], isWanted: boolean): TrialPlace {
  return { namespace, role, isWanted };
}

async function namespacesOf(client: KubernetesClient): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const { metadata } of client.list({ apiVersion: 'v1', kind: 'Namespace' }))
    names.add(metadata.name);
  return names;
}
