import { isObject, type Fields, type Path } from '../document/json.ts';
import type { CustomKind } from './custom/custom-kind.ts';
import { parseFieldPath, type Step } from './custom/field-path.ts';

interface Spot {
  readonly path: Path;
  readonly value: unknown;
}

/** The paths of the parts in which the gate looks for no image, although they mention one. */
export function findSkippedParts({ sources, skipped }: CustomKind, object: Fields): readonly Path[] {
  if (skipped.length === 0) return [];
  const root: Spot = { path: [], value: object };
  // The paths of a part begin at its own root, as in an Argo workflow.
  const roots = [
    root,
    ...sources.flatMap((source) => (source.kind === 'within' ? spotsAt(root, source.at.steps) : [])),
  ];
  return skipped.flatMap(({ path }) =>
    roots
      .flatMap((from) => spotsAt(from, parseFieldPath(path).steps))
      .filter(({ value }) => mentionsImage(value))
      .map((spot) => spot.path),
  );
}

function spotsAt(from: Spot, steps: readonly Step[]): readonly Spot[] {
  return steps.reduce<readonly Spot[]>((spots, step) => spots.flatMap((spot) => next(spot, step)), [from]);
}

function next({ path, value }: Spot, step: Step): readonly Spot[] {
  if (step.kind === 'key')
    return isObject(value) && Object.hasOwn(value, step.key)
      ? [{ path: [...path, step.key], value: value[step.key] }]
      : [];
  if (Array.isArray(value))
    return value.map((item: unknown, index) => ({ path: [...path, index], value: item }));
  return isObject(value)
    ? Object.entries(value).map(([key, inner]) => ({ path: [...path, key], value: inner }))
    : [];
}

function mentionsImage(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return (typeof value === 'string' ? value : JSON.stringify(value)).includes('image');
}
