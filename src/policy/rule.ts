import type { z } from 'zod';
import type { ImageReference } from '../image/reference.ts';
import type { Objection } from '../language/objection.ts';
import type { Shown } from '../language/phrase.ts';
import type { RuleErrorCode, ValidationAction } from './decision.ts';
import type { FactName, Facts } from './facts.ts';
import type { Selector } from './selector.ts';

/** What a rule has against an image; where the image stands is not its business. */
export type RuleObjection = Objection<RuleErrorCode>;

/** A rule's test of one image: pure, and synchronous over facts that were gathered before. */
export type Check = (image: ImageReference, facts: Facts) => RuleObjection | undefined;

/** A kind of rule, one file under `rules/`; its `key` is the key of the check in a policy. */
export interface RuleKind<Parameters> {
  readonly key: string;
  readonly parameters: z.ZodType<Parameters>;
  /** What has to be gathered before the check can be made; `[]` for a rule that needs the reference alone. */
  readonly facts: readonly FactName[];
  /**
   * Turns parameters into a check, once, when the policy loads.
   * @throws {ParameterError} when a parameter has the right type and the wrong meaning.
   */
  readonly prepare: (parameters: Parameters) => Check | Promise<Check>;
}

/** A rule of a loaded policy. */
export interface Rule {
  readonly name: string;
  readonly kind: string;
  readonly actions: readonly [ValidationAction, ...ValidationAction[]];
  readonly match: Selector | undefined;
  readonly exclude: Selector | undefined;
  readonly facts: readonly FactName[];
  readonly check: Check;
  /** The author's own words, in the language that the gate speaks. */
  readonly message: Shown | undefined;
}
