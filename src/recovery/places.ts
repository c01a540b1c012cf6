import type { KubernetesClient } from '../kubernetes/client.ts';
import { RecoveryError } from './errors.ts';

/** How much has to work before a way out goes no further. */
const GOALS = ['kube-system', 'default', 'all'] as const;

export type Goal = (typeof GOALS)[number];

/** Somewhere objects are created, and whether the goal is reached without it. */
export interface Place {
  /** `undefined` for objects that belong to no namespace. */
  readonly namespace: string | undefined;
  readonly role:
    /** The cluster lives by it: no image decision is worth its standstill. */
    | 'vital'
    /** The gate itself lives here, so that it can come back. */
    | 'gate'
    /** As a vital one, because somebody said so. */
    | 'named'
    /** People's own. */
    | 'other';
  /** Whether the goal asks for it. */
  readonly isWanted: boolean;
}

interface PlacesWanted {
  readonly goal: Goal;
  /** Namespaces where a gate may live. */
  readonly gateNamespaces: readonly string[];
  /** Namespaces that somebody named. */
  readonly namespaces: readonly string[];
}

/**
 * Where objects are created on trial: what keeps nodes and the control plane alive, the gate's own namespace, what was
 * named, and beyond them as far as the goal goes, but always `default`, to tell how it fares.
 * @throws {RecoveryError} BLOCKER_NOT_FOUND for a namespace that was named and is not there.
 */
export async function choosePlaces(
  client: KubernetesClient,
  wanted: PlacesWanted,
): Promise<readonly Place[]> {
  const { goal, gateNamespaces, namespaces } = wanted;
  const existing = await namespacesOf(client);
  const absent = namespaces.find((name) => !existing.has(name));
  if (absent !== undefined)
    throw new RecoveryError('BLOCKER_NOT_FOUND', `namespace ${JSON.stringify(absent)} is not there`);
  const named = new Set(namespaces);
  const gates = gateNamespaces.filter((name) => existing.has(name));
  const places = [
    ...VITAL.filter((name) => existing.has(name)).map((name) => placeOf(name, 'vital', true)),
    placeOf(undefined, 'vital', true),
    ...gates.map((name) => placeOf(name, 'gate', true)),
    ...namespaces.map((name) => placeOf(name, 'named', true)),
    ...['default']
      .filter((name) => !named.has(name))
      .map((name) => placeOf(name, 'other', goal !== 'kube-system')),
    ...(goal === 'all' ? [...existing].map((name) => placeOf(name, 'other', true)) : []),
  ];
  return [...Map.groupBy(places, ({ namespace }) => namespace).values()].flatMap((same) => same.slice(0, 1));
}

/** Without Leases of their own the nodes are taken for dead. */
const VITAL = ['kube-system', 'kube-node-lease'];

function placeOf(namespace: string | undefined, role: Place['role'], isWanted: boolean): Place {
  return { namespace, role, isWanted };
}

async function namespacesOf(client: KubernetesClient): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const { metadata } of client.list({ apiVersion: 'v1', kind: 'Namespace' }))
    names.add(metadata.name);
  return names;
}
