import { randomUUID } from 'node:crypto';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { GATE_NAME } from '../wiring/names.ts';
import type { Place } from './places.ts';
import { parseRefusal, type Refusal } from './refusal.ts';

/** What every probe is called. Nothing is stored under it. */
const PROBE_NAME = 'kube-image-bouncer-recover';

/** Where nothing runs and nobody names an image. */
const GUESSED_IMAGE = 'registry.k8s.io/pause:3.10';

/** A policy that admits none of so many images that run already is taken to admit none. */
const MAX_IMAGES = 5;

/** Pods that are looked at for their images. */
const MAX_PODS = 200;

const SIMULTANEOUS_PROBES = 16;

/** An object that is created on trial: the API server does everything with it but store it. */
export interface Probe {
  readonly place: Place;
  readonly kind: string;
  /** The same object in every way that would do: with each image that runs there. */
  readonly candidates: readonly KubernetesObject[];
  /** Nobody named the image and nothing runs: that a gate refuses it says little. */
  readonly isGuess: boolean;
}

/** What a probe came to. */
export interface Finding {
  readonly probe: Probe;
  /** `undefined`: the object can be created. */
  readonly refusal: Refusal | undefined;
}

/**
 * Whether a finding speaks of a lock-out: nobody answers, or a gate refuses every image that runs there. A gate that
 * refuses a guessed image does what it is for.
 */
export function isLocked({ probe, refusal }: Finding): boolean {
  if (refusal === undefined) return false;
  return !(probe.isGuess && refusal.by !== 'other' && refusal.gate === 'refusing');
}

/** What to create on trial at these places; `image` in every pod when it is given, else what runs there. */
export async function prepareProbes(
  client: KubernetesClient,
  places: readonly Place[],
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

/** Creates every probe on trial. */
export async function runProbes(
  client: KubernetesClient,
  probes: readonly Probe[],
): Promise<readonly Finding[]> {
  return inTurns(probes, async (probe) => {
    let refusal: Refusal | undefined;
    for (const candidate of probe.candidates) {
      refusal = await refusalOf(client, candidate);
      // One that passes is enough; for one that nobody answers, more of them are a waste of time.
      if (refusal === undefined || refusal.by === 'other' || refusal.gate === 'silent') break;
    }
    return { probe, refusal };
  });
}

/** @throws {KubernetesError} when the answer says nothing about admission: no rights, no API server. */
async function refusalOf(client: KubernetesClient, object: KubernetesObject): Promise<Refusal | undefined> {
  try {
    const annotations = { [ASKED_ANEW]: randomUUID() };
    await client.create({ ...object, metadata: { ...object.metadata, annotations } }, { dryRun: true });
    return undefined;
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.code !== 'CLUSTER_REFUSED') throw error;
    // Whether there is one already is asked after admission.
    if (error.reason === 'AlreadyExists') return undefined;
    if (error.status === 401 || / cannot create resource /.test(error.message)) throw error;
    // Our own name for it tells nobody anything.
    return parseRefusal(error.message.replace(new RegExp(`^\\w+ ${PROBE_NAME}: `), ''));
  }
}

type Fields = Readonly<Record<string, unknown>> & { readonly apiVersion: string; readonly kind: string };

/** The API server shows it to an `ImagePolicyWebhook`, and remembers its verdicts by it: what is asked anew is answered anew. */
const ASKED_ANEW = 'recover.image-policy.k8s.io/probe';

function probeOf(place: Place, candidates: readonly Fields[]): Probe {
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

/** What has to be created besides pods: a rule that matches everything stops more than images. */
const OTHER_KINDS: Readonly<Record<Place['role'], readonly ((namespace: string) => Fields)[]>> = {
  vital: [lease],
  gate: [secret, configMap, lease],
  named: [],
  other: [event],
};

/** A pod that nothing else objects to: it meets the `restricted` Pod Security Standard and asks for next to nothing. */
function podOf(image: string): Fields {
  const amounts = { cpu: '1m', memory: '1Mi' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'probe',
          image,
          resources: { requests: amounts, limits: amounts },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** Images that run in a namespace, or should: those of its pods, and of the gate's own Deployment. */
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

/** Does all of it, a few at a time: a gate that swallows requests would make them wait one after the other. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += SIMULTANEOUS_PROBES)
    results.push(...(await Promise.all(items.slice(start, start + SIMULTANEOUS_PROBES).map(work))));
  return results;
}
