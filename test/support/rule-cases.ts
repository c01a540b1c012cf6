import assert from 'node:assert/strict';
import { englishText } from './phrases.ts';
import { parseImageReference } from '../../src/image/reference.ts';
import { LastTag, type RuleKind, type RuleObjection, type ShortNames } from '../../src/policy/rule.ts';

/** A sha256 digest that no image has. */
export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** The truth table of a rule: the images that it admits, and its objections to the others. */
interface RuleCases {
  readonly code: RuleObjection['code'];
  readonly admits: readonly string[];
  /** Image → the exact reason. */
  readonly refuses: Readonly<Record<string, string>>;
}

/** One test for each image of the table. The caller declares the tests, so that a failure names the caller's file. */
export function ruleCases<Parameters>(
  kind: RuleKind<Parameters>,
  parameters: Parameters,
  cases: RuleCases,
): readonly (readonly [title: string, run: () => Promise<void>])[] {
  const about = `${kind.key} ${JSON.stringify(parameters)}`;
  const admits = cases.admits.map((image) => {
    const run = async (): Promise<void> => assert.equal(await ask(kind, parameters, image), undefined);
    return [`${about} admits ${image}`, run] as const;
  });
  const refuses = Object.entries(cases.refuses).map(([image, reason]) => {
    const run = async (): Promise<void> => {
      const objection = await ask(kind, parameters, image);
      assert.deepEqual(
        { code: objection?.code, reason: englishText(objection?.reason) },
        { code: cases.code, reason },
      );
      assert.match(englishText(objection?.remedy), /^[a-z].*[^.]$/, 'a clause in the imperative');
    };
    return [`${about} refuses ${image}: ${reason}`, run] as const;
  });
  return [...admits, ...refuses];
}

/** The objection of a rule to one image. */
export async function ask<Parameters>(
  kind: RuleKind<Parameters>,
  parameters: Parameters,
  image: string,
  shortNames: ShortNames = 'DockerHub',
): Promise<RuleObjection | undefined> {
  const reference = parseImageReference(image);
  assert.ok(reference.kind === 'image', `${image} is no reference`);
  const check = await kind.prepare(kind.parameters.parse(parameters), { lastTag: new LastTag(), shortNames });
  const finding = check(reference);
  assert.ok(finding === undefined || !('question' in finding), `${kind.key} asks a question`);
  return finding;
}
