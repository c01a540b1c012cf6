import type { z } from 'zod';
import type { ImagePattern } from '../image/pattern.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Objection } from '../language/objection.ts';
import type { Shown } from '../language/phrase.ts';
import type { Question } from '../question/question.ts';
import type { RuleErrorCode, ValidationAction } from './decision.ts';
import type { Selector } from './selector.ts';

/** The objection of a rule to an image. It does not depend on the place of the image. */
export type RuleObjection = Objection<RuleErrorCode>;

/**
 * The result of a check that depends on the answer to a question. If there is no answer, the rule is violated and `settle`
 * is not called.
 */
export interface PendingCheck<Value = unknown> {
  readonly question: Question<unknown, Value>;
  /** Turns the value of the answer into an objection or nothing. Pure and synchronous. */
  settle(value: Value): RuleObjection | undefined;
  /** The digest that the rule judged, `sha256:…`, if the answer contains one. */
  digestIn?(value: Value): string;
}

/**
 * Checks one image by one rule: pure and synchronous. Returns an objection, nothing, or a question. The result is
 * remembered for the image, so it must depend on the image only.
 */
export interface Check {
  (image: ImageReference): RuleObjection | PendingCheck | undefined;
  /** If given, the check returns nothing for an image that none of these patterns matches. */
  readonly only?: readonly ImagePattern[];
}

/**
 * What an image without a registry is: an image of Docker Hub, or an image of a registry that the node chooses. `Refuse`: a
 * pattern that admits does not match it.
 */
export type ShortNames = 'DockerHub' | 'Refuse';

/** State and settings that the rules of one policy share. */
export interface RuleContext {
  readonly shortNames: ShortNames;
  readonly lastTag: LastTag;
}

/**
 * Remembers the result of parsing the last tag. All rules check one image before the next one, and parsing a tag costs more
 * than comparing it.
 */
export class LastTag {
  #tag: string | undefined;
  #value: unknown;

  /** The value of `parse(tag)`. Always pass the same `parse` to one `LastTag`. */
  parse<Value>(tag: string, parse: (tag: string) => Value): Value {
    if (tag !== this.#tag) {
      this.#value = parse(tag);
      this.#tag = tag;
    }
    return this.#value as Value;
  }
}

/** A kind of rule; each has a file in `rules/`. Its `key` is the key of the check in a policy. */
export interface RuleKind<Parameters> {
  readonly key: string;
  /** An image without an objection is one that the parameters name, each registry by its own name. */
  readonly namesImages?: true;
  readonly parameters: z.ZodType<Parameters>;
  /**
   * Turns parameters into a check, once, when the policy loads.
   * @throws {ParameterError} if a parameter has the right type and an invalid value
   */
  readonly prepare: (parameters: Parameters, context: RuleContext) => Check | Promise<Check>;
}

/** A rule of a loaded policy. */
export interface Rule {
  readonly name: string;
  readonly kind: string;
  readonly actions: readonly [ValidationAction, ...ValidationAction[]];
  readonly match: Selector | undefined;
  readonly exclude: Selector | undefined;
  readonly check: Check;
  /**
   * Whether the rule vouches for an image to which it has no objection: it names the image, and it refuses others. Asked only
   * about images that `match` selects. `undefined` for a rule that vouches for no image.
   */
  readonly vouchesFor: ((image: ImageReference) => boolean) | undefined;
  /** The message that the policy has for this rule, in the language of the gate. */
  readonly message: Shown | undefined;
}
