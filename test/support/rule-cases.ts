import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseImageReference } from '../../src/image/reference.ts';
import { NO_FACTS } from '../../src/policy/facts.ts';
import type { Objection, RuleKind } from '../../src/policy/rule.ts';

/** A sha256 digest that nothing has. */
export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** The truth table of a rule: what it lets pass, and what it says to the rest. */
export interface RuleCases {
  readonly code: Objection['code'];
  readonly admits: readonly string[];
  /** Image → the reason, to the letter. */
  readonly refuses: Readonly<Record<string, string>>;
}

/** Puts a rule with these parameters to images, one test an image. */
export function ruleCases<Parameters>(
  kind: RuleKind<Parameters>,
  parameters: Parameters,
  cases: RuleCases,
): void {
  void describe(`${kind.key} ${JSON.stringify(parameters)}`, () => {
    for (const image of cases.admits) {
      void it(`admits ${image}`, async () => {
        assert.equal(await ask(kind, parameters, image), undefined);
      });
    }
    for (const [image, reason] of Object.entries(cases.refuses)) {
      void it(`refuses ${image}: ${reason}`, async () => {
        const objection = await ask(kind, parameters, image);
        assert.deepEqual({ code: objection?.code, reason: objection?.reason }, { code: cases.code, reason });
        assert.match(objection?.remedy ?? '', /^[a-z].*[^.]$/, 'a clause in the imperative');
      });
    }
  });
}

/** What a rule says to one image. */
export async function ask<Parameters>(
  kind: RuleKind<Parameters>,
  parameters: Parameters,
  image: string,
): Promise<Objection | undefined> {
  const reference = parseImageReference(image);
  assert.ok(reference.kind === 'image', `${image} is no reference`);
  const check = await kind.prepare(kind.parameters.parse(parameters));
  return check(reference, NO_FACTS);
}
