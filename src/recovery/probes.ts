import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { createOnTrial, renderPodSpec, uncachedAnnotation } from '../wiring/canary.ts';
import { GATE_NAME } from '../wiring/names.ts';
import type { Refusal } from '../wiring/refusal.ts';
import type { TrialPlace } from './places.ts';

/** The name of each probe. No object of this name is stored. */
const PROBE_NAME = 'kube-image-bouncer-recover';

/** The image for a namespace without pods, if the caller names no image. */
const GUESSED_IMAGE = 'registry.k8s.io/pause:3.10';

/**
 * The number of images of a namespace that are tried. If a gate refuses all of them, the namespace counts as locked.
 */
const MAX_IMAGES = 5;

/** The number of pods of a namespace whose images are read. */
const MAX_PODS = 200;

const SIMULTANEOUS_PROBES = 16;

/** An object that is created in a server-side dry run. */
export interface Probe {
  readonly place: TrialPlace;
  readonly kind: string;
  /** Variants of the object, one for each image of the namespace. One admitted variant is enough. */
  readonly candidates: readonly KubernetesObject[];
  /** The image is a guess, because the namespace has no pods and the caller named no image. */
  readonly isGuess: boolean;
}

/** The result of a probe. */
export interface ProbeResult {
  readonly probe: Probe;
  /** `undefined` if the object can be created. */
  readonly refusal: Refusal | undefined;
}

/**
 * Whether a result shows a lock-out: a gate does not answer, a gate refuses every image that runs there, or something
 * else refuses the object. A refusal of a guessed image is no lock-out, because the policy may forbid this image. A
 * webhook that is not called in a dry run shows nothing.
 */
export function isLocked({ probe, refusal }: ProbeResult): boolean {
  switch (refusal?.outcome) {
    case undefined:
    case 'no-dry-run':
      return false;
    case 'refused':
      return !probe.isGuess;
    case 'unreachable':
    case 'forbidden':
    case 'other':
      return true;
  }
}

/** The probes for these places. Their pods have `image`, or the images of the namespace if it is `undefined`. */
export async function prepareProbes(
  client: KubernetesClient,
  places: readonly TrialPlace[],
  image: string | undefined,
): Promise<readonly Probe[]> {
  const prepared = await inTurns(places, async (place) => {
    const { namespace } = place;
    if (namespace === undefined) return [probeOf(place, [{ apiVersion: 'v1', kind: 'Node' }])];
    const others = OTHER_KINDS[place.role].map((kind) => probeOf(place, [kind(namespace)]));
    if (namespace === 'kube-node-lease') return others;
    const images = image === undefined ? await runningImages(client, namespace) : [image];
    const pods = (images.length > 0 ? images : [GUESSED_IMAGE]).map(podOf);
    return [{ ...probeOf(place, pods), isGuess: images.length === 0 }, ...others];
  });
  return prepared.flat();
}

/** Creates each probe in a dry run. */
export async function runProbes(
  client: Pick<KubernetesClient, 'send'>,
  probes: readonly Probe[],
): Promise<readonly ProbeResult[]> {
  return inTurns(probes, async (probe) => {
    let refusal: Refusal | undefined;
    for (const candidate of probe.candidates) {
      refusal = await refusalOf(client, candidate);
      // One admitted image is enough. If the gate does not answer, further images show nothing new.
      if (refusal?.outcome !== 'refused') break;
    }
    return { probe, refusal };
  });
}

/** @throws {KubernetesError} CLUSTER_REFUSED if the caller may not create the object; CLUSTER_UNREACHABLE */
async function refusalOf(
  client: Pick<KubernetesClient, 'send'>,
  object: KubernetesObject,
): Promise<Refusal | undefined> {
  const metadata = { ...object.metadata, annotations: uncachedAnnotation() };
  const result = await createOnTrial(client, { ...object, metadata });
  switch (result.outcome) {
    case 'admitted':
      return undefined;
    case 'forbidden':
      throw new KubernetesError('CLUSTER_REFUSED', `${object.kind} ${PROBE_NAME}: ${result.message}`);
    case 'refused':
    case 'unreachable':
    case 'no-dry-run':
    case 'other':
      return result;
  }
}

type Fields = Readonly<Record<string, unknown>> & { readonly apiVersion: string; readonly kind: string };

function probeOf(place: TrialPlace, candidates: readonly Fields[]): Probe {
  const objects = candidates.map((fields) => ({
    ...fields,
    metadata: {
      name: PROBE_NAME,
      ...(place.namespace !== undefined && { namespace: place.namespace }),
    },
  }));
  return { place, kind: candidates[0]?.kind ?? '', candidates: objects, isGuess: false };
}

const secret = (): Fields => ({ apiVersion: 'v1', kind: 'Secret' });
const configMap = (): Fields => ({ apiVersion: 'v1', kind: 'ConfigMap' });
const lease = (): Fields => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' });
const event = (namespace: string): Fields => ({
  apiVersion: 'v1',
  kind: 'Event',
  involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name: PROBE_NAME },
  reason: 'Probe',
  type: 'Normal',
});

/** Other objects that must be creatable. A webhook whose rules match every resource blocks them too. */
const OTHER_KINDS: Readonly<Record<TrialPlace['role'], readonly ((namespace: string) => Fields)[]>> = {
  vital: [lease],
  gate: [secret, configMap, lease],
  named: [],
  other: [event],
};

function podOf(image: string): Fields {
  return { apiVersion: 'v1', kind: 'Pod', spec: renderPodSpec(image) };
}

/** The images of a namespace: those of its pods, and of the Deployment of a gate. */
async function runningImages(client: KubernetesClient, namespace: string): Promise<readonly string[]> {
  const images = new Set<string>();
  const deployment = await client.get({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace,
    name: GATE_NAME,
  });
  const template = (deployment?.['spec'] as { template?: { spec?: unknown } } | undefined)?.template;
  for (const image of imagesOf(template?.spec)) images.add(image);
  let pods = 0;
  for await (const pod of client.list({ apiVersion: 'v1', kind: 'Pod', namespace })) {
    pods += 1;
    for (const image of imagesOf(pod['spec'])) images.add(image);
    if (images.size >= MAX_IMAGES || pods >= MAX_PODS) break;
  }
  return [...images].slice(0, MAX_IMAGES);
}

function imagesOf(spec: unknown): readonly string[] {
  const { containers = [] } = (spec ?? {}) as { containers?: readonly { image?: string }[] };
  return containers.flatMap(({ image }) => (image === undefined ? [] : [image]));
}

/** Handles a few items at a time, because a gate that never answers delays each request until its timeout. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += SIMULTANEOUS_PROBES)
    results.push(...(await Promise.all(items.slice(start, start + SIMULTANEOUS_PROBES).map(work))));
  return results;
}
