import type { Usage } from '../../image/use.ts';
import { parseFieldPath, type FieldPath } from './field-path.ts';

/** A part of a kind that has images. */
export type ImageSource =
  /** A `PodSpec`: containers of each sort, and image volumes. */
  | { readonly kind: 'podSpec'; readonly at: FieldPath }
  /** Text that is an image. With `tags` it is a repository, and the tags are at that path. */
  | {
      readonly kind: 'image';
      readonly at: FieldPath;
      readonly usage: Usage;
      readonly tags: FieldPath | undefined;
    }
  /** A part that has its own sources. It may contain itself. */
  | {
      readonly kind: 'within';
      readonly at: FieldPath;
      /** The name of the part in the documentation. */
      readonly part: string;
      readonly sources: () => readonly ImageSource[];
      /** The form that the source reads, if a kind has two forms of the part. Another source reads the other one. */
      readonly form: 'list' | 'map' | undefined;
    };

/** A part of a kind that may name images and that the gate does not read. */
export interface SkippedPart {
  readonly path: string;
  readonly why: string;
}

/** A custom resource that has images, and where it has them. Each of its fields may be missing. */
export interface CustomKind {
  readonly origin: 'custom';
  readonly kind: string;
  /** Plural and group: `rollouts.argoproj.io`. */
  readonly resource: string;
  readonly group: string;
  /** The scope of its objects; `*` if it is unknown. */
  readonly scope: 'Namespaced' | 'Cluster' | '*';
  /** The scope in the rules of a webhook. It is `*` for the kinds of a policy, because a policy may name a wrong scope. */
  readonly ruleScope: 'Namespaced' | 'Cluster' | '*';
  /** Whether pods are created from it. These pods are judged again. Otherwise its images are pulled without a pod. */
  readonly template: boolean;
  readonly sources: readonly ImageSource[];
  readonly skipped: readonly SkippedPart[];
}

/** A custom resource. `resource` is its plural with its group. It is namespaced and a template by default. */
export function customKind(
  resource: string,
  kind: string,
  sources: readonly ImageSource[],
  differences: Partial<Pick<CustomKind, 'scope' | 'ruleScope' | 'template' | 'skipped'>> = {},
): CustomKind {
  const group = resource.slice(resource.indexOf('.') + 1);
  return {
    origin: 'custom',
    kind,
    resource,
    group,
    scope: 'Namespaced',
    ruleScope: differences.scope ?? 'Namespaced',
    template: true,
    sources,
    skipped: [],
    ...differences,
  };
}

/** A `PodSpec` at a path. */
export function podSpec(path: string): ImageSource {
  return { kind: 'podSpec', at: parseFieldPath(path) };
}

/** An image at a path. With `tags` the key at the path is a repository, and `tags` is the path from its value to the tags. */
export function image(path: string, usage: Usage = 'container', tags?: string): ImageSource {
  const tagsAt = tags === undefined ? undefined : parseFieldPath(tags);
  return { kind: 'image', at: parseFieldPath(path), usage, tags: tagsAt };
}

/**
 * The sources of a part at a path. They come from a function, because a part may contain itself. With `form` the source
 * does not read the other form.
 */
export function within(
  path: string,
  part: string,
  sources: () => readonly ImageSource[],
  form?: 'list' | 'map',
): ImageSource {
  return { kind: 'within', at: parseFieldPath(path), part, sources, form };
}

/** The fields of the root that contain images. */
export function rootsOf({ sources }: CustomKind): readonly string[] {
  const keys = sources.flatMap(({ at: { steps } }) => (steps[0]?.kind === 'key' ? [steps[0].key] : []));
  return [...new Set(keys)];
}
