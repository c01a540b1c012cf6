import type { ImageUse } from '../image/use.ts';

export type SubjectErrorCode = 'MALFORMED_OBJECT' | 'UNSUPPORTED_KIND' | 'TOO_MANY_IMAGES';

/** What a review is about, once its object has been read. */
export type Subject =
  /** Images to judge. */
  | {
      readonly kind: 'images';
      /** New or changed at their place: judged. */
      readonly changed: readonly ImageUse[];
      /** At the same place in the old object: what they violate is told, never refused. */
      readonly kept: readonly ImageUse[];
      /** Places that some controller fills in later. */
      readonly placeholders: readonly ImageUse[];
      /** A pod template, whose pods will be judged again; else a pod. */
      readonly template: boolean;
      /** A node's own account of a static pod that it already runs. */
      readonly mirrorPod: boolean;
    }
  /** An operation, a subresource or a kind that carries no image. */
  | { readonly kind: 'imageless' }
  /** A kind that nobody told us about. */
  | { readonly kind: 'unknown'; readonly name: string }
  /** A kind that we cover and cannot read. */
  | { readonly kind: 'unreadable'; readonly code: SubjectErrorCode; readonly field: string; readonly reason: string; readonly remedy: string };
