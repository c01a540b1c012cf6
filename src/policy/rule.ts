import type { z } from 'zod';
import type { ImageReference } from '../image/reference.ts';
import type { Objection } from '../language/objection.ts';
import type { Shown } from '../language/phrase.ts';
import type { Question } from '../question/question.ts';
import type { RuleErrorCode, ValidationAction } from './decision.ts';
import type { Selector } from './selector.ts';

/** What a rule objects to in an image, wherever the image stands. */
export type RuleObjection = Objection<RuleErrorCode>;

/**
 * What a rule returns when its objection depends on an answer. If the question has no answer, that is a violation of the
 * rule; `settle` is not called.
 */
export interface PendingCheck<Value = unknown> {
  readonly question: Question<unknown, Value>;
  /** Pure and synchronous, as the check is. */
  settle(value: Value): RuleObjection | undefined;
  /** The digest in the answer, if the answer has one: what the rule judged, `sha256:…`. */
  digestIn?(value: Value): string;
}

/**
 * A rule's test of one image: pure and synchronous. Returns an objection, nothing, or a question. Its result is
 * remembered for the image, so it must not depend on anything else.
 */
export type Check = (image: ImageReference) => RuleObjection | PendingCheck | undefined;

/** What the rules of one policy share while they are prepared and called. */
export interface RuleContext {
  readonly lastTag: LastTag;
}

/**
 * Remembers what the last tag was parsed to. The rules of a policy check one image after another, and to parse a tag
 * costs more than to compare it.
 */
export class LastTag {
  #tag: string | undefined;
  #value: unknown;

  /** The value of `parse(tag)`. Each `LastTag` is for one `parse` only. */
  parse<Value>(tag: string, parse: (tag: string) => Value): Value {
    if (tag !== this.#tag) {
      this.#value = parse(tag);
      this.#tag = tag;
    }
    return this.#value as Value;
  }
}

/** A kind of rule, one file under `rules/`; its `key` is the key of the check in a policy. */
export interface RuleKind<Parameters> {
  readonly key: string;
  readonly parameters: z.ZodType<Parameters>;
  /**
   * Turns parameters into a check, once, when the policy loads.
   * @throws {ParameterError} when a parameter has the right type and the wrong meaning.
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
  /** The author's own words, in the language of the gate. */
  readonly message: Shown | undefined;
}
