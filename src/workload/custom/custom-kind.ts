import type { Usage } from '../../image/use.ts';
import { parseFieldPath, type FieldPath } from './field-path.ts';

/** One way in which a kind holds images. */
export type ImageSource =
  /** A `PodSpec`: containers of every sort, and image volumes. */
  | { readonly kind: 'podSpec'; readonly at: FieldPath }
  /** Text that is an image; with `tags`, a repository, and the tags that stand beside it. */
  | {
      readonly kind: 'image';
      readonly at: FieldPath;
      readonly usage: Usage;
      readonly tags: FieldPath | undefined;
    }
  /** A part with sources of its own, which may hold itself. */
  | {
      readonly kind: 'within';
      readonly at: FieldPath;
      /** What people call it. */
      readonly part: string;
      readonly sources: () => readonly ImageSource[];
    };

/** A part of a kind that may name images and is not read. */
export interface SkippedPart {
  readonly path: string;
  readonly why: string;
}

/** A custom resource that holds images, and where. Each of its fields may be missing. */
export interface CustomKind {
  readonly origin: 'custom';
  readonly kind: string;
  /** Plural with its group: `rollouts.argoproj.io`. */
  readonly resource: string;
  readonly group: string;
  /** Where its objects live; `*` when nobody knows. */
  readonly scope: 'Namespaced' | 'Cluster' | '*';
  /** Where the API server is to ask about them: everywhere, when a policy says where they live and may be wrong. */
  readonly ruleScope: 'Namespaced' | 'Cluster' | '*';
  /** Pods come of it, which are judged again; else what it names is pulled without any pod. */
  readonly template: boolean;
  readonly sources: readonly ImageSource[];
  readonly skipped: readonly SkippedPart[];
}

/** A custom resource by its plural with group, its kind and its sources. */
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

/** An image at a path; with `tags`, a path from the value of its key to the tags, the repository of one. */
export function image(path: string, usage: Usage = 'container', tags?: string): ImageSource {
  const tagsAt = tags === undefined ? undefined : parseFieldPath(tags);
  return { kind: 'image', at: parseFieldPath(path), usage, tags: tagsAt };
}

/** Sources of a part at a path; a function, for a part that may hold itself. */
export function within(path: string, part: string, sources: () => readonly ImageSource[]): ImageSource {
  return { kind: 'within', at: parseFieldPath(path), part, sources };
}

/** The fields at the root of an object below which its images stand. */
export function rootsOf({ sources }: CustomKind): readonly string[] {
  const keys = sources.flatMap(({ at: { steps } }) => (steps[0]?.kind === 'key' ? [steps[0].key] : []));
  return [...new Set(keys)];
}
