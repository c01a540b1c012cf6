/** Where in a pod an image stands; `imageVolume` is `volumes[].image.reference` (KEP-4639). */
export const USAGES = ['container', 'initContainer', 'ephemeralContainer', 'imageVolume'] as const;

export type Usage = (typeof USAGES)[number];

/**
 * An image at its place in an object. What a protocol does not carry is `undefined`: an `ImageReview`
 * names images only, so it knows neither the field, nor the usage, nor the container.
 */
export interface ImageUse {
  /** Path from the root of the object, such as `spec.template.spec.initContainers[0].image`. */
  readonly field: string | undefined;
  readonly usage: Usage | undefined;
  /** Name of the container, or of the volume for an `imageVolume`. */
  readonly container: string | undefined;
  /** The reference as the object spells it, not parsed yet. */
  readonly image: string;
}
