import type { FileResult, ObjectResult } from './result.ts';

/** The numbers of a whole run. */
export interface Totals {
  readonly files: number;
  /** How many objects were judged. */
  readonly objects: number;
  readonly images: number;
  /** How many objects would be refused, for a reason that the baseline does not accept. */
  readonly refused: number;
  /** How many violations only warn, and the baseline does not accept them. */
  readonly warnings: number;
  /** How many violations the baseline accepts. */
  readonly accepted: number;
  /** How many objects have an unknown kind and fields that look like images. */
  readonly notUnderstood: number;
  /** How many files were not judged to their end. */
  readonly unread: number;
}

const NOTHING: Totals = {
  files: 0,
  objects: 0,
  images: 0,
  refused: 0,
  warnings: 0,
  accepted: 0,
  notUnderstood: 0,
  unread: 0,
};

/** Adds up the results of files. */
export class Tally {
  totals: Totals = NOTHING;

  add({ judged, images, objects, unread }: FileResult): void {
    const { totals } = this;
    this.totals = {
      files: totals.files + 1,
      objects: totals.objects + judged,
      images: totals.images + images,
      refused: totals.refused + count(objects, isRefused),
      warnings: totals.warnings + objects.reduce((sum, object) => sum + warningsOf(object), 0),
      accepted: totals.accepted + objects.reduce((sum, object) => sum + acceptedOf(object), 0),
      notUnderstood: totals.notUnderstood + count(objects, ({ isUnderstood }) => !isUnderstood),
      unread: totals.unread + (unread.length === 0 ? 0 : 1),
    };
  }
}

function count(objects: readonly ObjectResult[], isCounted: (object: ObjectResult) => boolean): number {
  return objects.reduce((sum, object) => (isCounted(object) ? sum + 1 : sum), 0);
}

function isRefused({ failure, violations }: ObjectResult): boolean {
  return (
    failure !== undefined ||
    violations.some(({ actions, isAccepted }) => actions.includes('Deny') && isAccepted !== true)
  );
}

function warningsOf({ violations }: ObjectResult): number {
  return violations.filter(
    ({ actions, isAccepted }) => !actions.includes('Deny') && actions.includes('Warn') && isAccepted !== true,
  ).length;
}

function acceptedOf({ violations }: ObjectResult): number {
  return violations.filter(({ isAccepted }) => isAccepted === true).length;
}
