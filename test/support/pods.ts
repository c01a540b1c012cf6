import type { Fields } from '../../src/document/json.ts';

/** Name → image, for each list of a pod; `volumes` holds image volumes. */
export interface PodImages {
  readonly containers?: Readonly<Record<string, string>>;
  readonly initContainers?: Readonly<Record<string, string>>;
  readonly ephemeralContainers?: Readonly<Record<string, string>>;
  readonly volumes?: Readonly<Record<string, string>>;
}

/** An object as the API server sends it. */
export type KubernetesObject = Fields & { readonly apiVersion: string; readonly kind: string };

/** Allowed by the default policy. */
export const GOOD = 'registry.example.com/team/app:1.0';

/** Refused by the default policy with `DISALLOWED_TAG`. */
export const BAD = 'registry.example.com/team/app:latest';

/** The namespace of all objects here. */
export const NAMESPACE = 'team-a';

/** A `PodSpec`. It has one good container unless `containers` is given. */
export function podSpec({ containers = { web: GOOD }, volumes, ...others }: PodImages = {}): Fields {
  const lists = Object.entries({ containers, ...others }).map(([list, images]) => [
    list,
    containersOf(images),
  ]);
  return {
    ...Object.fromEntries(lists),
    ...(volumes && {
      volumes: Object.entries(volumes).map(([name, reference]) => ({ name, image: { reference } })),
    }),
  } as Fields;
}

/** A `Pod` named `web`. */
export function pod(images?: PodImages, metadata: Fields = {}): KubernetesObject {
  return podOf(podSpec(images), metadata);
}

/** A `Pod` with the given spec, which may be invalid. */
export function podOf(spec: unknown, metadata: Fields = {}): KubernetesObject {
  return { ...object('v1', 'Pod', metadata), spec };
}

/** A `Deployment` named `web`. */
export function deployment(images?: PodImages, metadata: Fields = {}): KubernetesObject {
  return workload('apps/v1', 'Deployment', 'spec.template.spec', podSpec(images), metadata);
}

/** An object with its `PodSpec` at a path; `''` is the root. */
export function workload(
  apiVersion: string,
  kind: string,
  path: string,
  spec: unknown,
  metadata: Fields = {},
): KubernetesObject {
  const keys = path === '' ? [] : path.split('.');
  const content = keys.reduceRight<unknown>((value, key) => ({ [key]: value }), spec);
  return { ...object(apiVersion, kind, metadata), ...(content as Fields) };
}

function object(apiVersion: string, kind: string, metadata: Fields): KubernetesObject {
  return { apiVersion, kind, metadata: { name: 'web', namespace: NAMESPACE, ...metadata } };
}

function containersOf(images: Readonly<Record<string, string>>): Fields[] {
  return Object.entries(images).map(([name, image]) => ({ name, image }));
}
