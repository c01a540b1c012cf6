import assert from 'node:assert/strict';
import { inEnglish } from '../../src/language/catalogue.ts';
import { objection, type Objection } from '../../src/language/objection.ts';
import type { Phrase } from '../../src/language/phrase.ts';
import { quote } from '../../src/image/quote.ts';

/** A phrase in English; a missing one fails the test. */
export function englishText(phrase: Phrase | undefined): string {
  assert.ok(phrase !== undefined, 'the phrase is missing');
  return inEnglish(phrase);
}

/** An objection of a rule. Different tags make different objections. */
export function objectionTo(tag = 'latest'): Objection<'DISALLOWED_TAG'> {
  return objection('DISALLOWED_TAG.named', { tag: quote(tag, 1024) });
}
