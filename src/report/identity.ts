import type { ObjectResult, PlacedViolation } from './result.ts';

/** What a violation keeps from run to run. It has no line, because other changes of the file move the lines. */
interface Identity {
  readonly file: string;
  /** `Deployment prod/web` */
  readonly object: string;
  /** Name of the container; missing if the whole object is wrong. */
  readonly container?: string | undefined;
  /** Name of the rule, or the code if the gate itself objects. */
  readonly rule: string;
  /** The image as it is written; missing if the whole object is wrong. */
  readonly image?: string | undefined;
}

/** Results that the baseline accepts. */
export interface AcceptedResult extends Identity {
  /** How many results of this identity. */
  readonly count: number;
}

/** The identity of a violation of an object. `file` is the name that is used in all runs. */
export function identityOf(file: string, object: ObjectResult, violation: PlacedViolation): Identity {
  const { use } = violation;
  const { kind, namespace, name } = object;
  return {
    file,
    object: `${kind} ${namespace === undefined || namespace === '' ? '' : `${namespace}/`}${name}`,
    container: use?.container,
    rule: violation.rule ?? violation.code,
    image: use?.image,
  };
}

/** One text for each identity. */
export function keyOf({ file, object, container, rule, image }: Identity): string {
  return JSON.stringify([file, object, container ?? null, rule, image ?? null]);
}
