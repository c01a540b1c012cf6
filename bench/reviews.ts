import { readFileSync } from 'node:fs';
import type { ProtocolName } from '../src/admission/exchange.ts';

/** A document to send, and the expected verdict. */
interface Sample {
  readonly body: Buffer;
  readonly denied: boolean;
}

/** The requests of a series, by number. */
export type Samples = (index: number) => Sample;

/** Number of different documents for known images: about the deployments of a cluster in a day. */
const DISTINCT = 64;
const CONTAINERS = ['web', 'proxy', 'metrics', 'config-reload'] as const;
/** One request in four is refused. */
const DENIED_EVERY = 4;
/** A pod of a ReplicaSet, with the managed fields that the API server adds. */
const POD = JSON.parse(readFileSync(new URL('pod.json', import.meta.url), 'utf8')) as {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: { readonly containers: readonly object[] };
};
/** A new image has a new number of nine digits, so that all documents have the same length. */
const FIRST_UNIQUE = 100_000_000;

/** Documents that repeat, so that a gate knows their images. */
export function seenSamples(protocol: ProtocolName): Samples {
  const samples = Array.from({ length: DISTINCT }, (_, index) => {
    const denied = index % DENIED_EVERY === 0;
    const images = imagesOf(denied, (container) => `1.${index}.${container}`);
    return { body: Buffer.from(render(protocol, images)), denied };
  });
  return (index) => samples[index % DISTINCT] ?? unreachable();
}

/** Documents with new images only. */
export function newSamples(protocol: ProtocolName): Samples {
  const templates = [true, false].map((denied) => {
    // The tag is `latest`, so that the repository is new instead.
    const images = imagesOf(denied, () => `1.0.${FIRST_UNIQUE}`, `-${FIRST_UNIQUE}`);
    const body = Buffer.from(render(protocol, images));
    return { body, places: occurrences(body, String(FIRST_UNIQUE)), denied };
  });
  return (index) => {
    const { body, places, denied } = templates[index % DENIED_EVERY === 0 ? 0 : 1] ?? unreachable();
    const unique = String(FIRST_UNIQUE + index);
    for (const place of places) body.write(unique, place, 'latin1');
    // A copy, because the socket may still use the earlier one.
    return { body: Buffer.from(body), denied };
  };
}

function unreachable(): never {
  throw new RangeError('no such sample');
}

function occurrences(body: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = body.indexOf(text); at !== -1; at = body.indexOf(text, at + 1)) places.push(at);
  return places;
}

function imagesOf(denied: boolean, tag: (container: number) => string, suffix = ''): readonly string[] {
  return CONTAINERS.map((name, container) =>
    denied && container === 0
      ? `registry.example.com/team-a/${name}${suffix}:latest`
      : `registry.example.com/team-a/${name}:${tag(container)}`,
  );
}

function render(protocol: ProtocolName, images: readonly string[]): string {
  return JSON.stringify(protocol === 'ImageReview' ? imageReview(images) : admissionReview(images));
}

function imageReview(images: readonly string[]): object {
  return {
    kind: 'ImageReview',
    apiVersion: 'imagepolicy.k8s.io/v1alpha1',
    metadata: {},
    spec: { containers: images.map((image) => ({ image })), namespace: 'team-a' },
    status: { allowed: false },
  };
}

function admissionReview(images: readonly string[]): object {
  const pod = { group: '', version: 'v1', kind: 'Pod' };
  const pods = { group: '', version: 'v1', resource: 'pods' };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: pod,
      resource: pods,
      requestKind: pod,
      requestResource: pods,
      name: 'web-6d4cf56db6-x7k2p',
      namespace: 'team-a',
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: 'b2f2e7b4-7d6c-4c3f-9f4e-0c1d2e3f4a5b',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
      },
      object: podWith(images),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

function podWith(images: readonly string[]): typeof POD {
  const containers = POD.spec.containers.map((container, index) => ({ ...container, image: images[index] }));
  return { ...POD, spec: { ...POD.spec, containers } };
}

/** The pod of the reviews as a client creates it. No server refuses it. */
export function goodPod(name: string, labels: Readonly<Record<string, string>>): object {
  const { kind, apiVersion, spec } = podWith(imagesOf(false, () => '1.2.3'));
  return { kind, apiVersion, metadata: { name, labels }, spec };
}
