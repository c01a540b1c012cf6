import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ENGLISH } from '../../src/language/english.ts';
import { chooseCatalogue } from '../../src/language/choose.ts';
import { root } from '../architecture/sources.ts';
import { DENIAL_CASES, textsOf } from './denial-cases.ts';
import { DENIAL_PAGE, renderDenialPage } from './denial-page.ts';

test('the page for reviewers has the current texts of all cases', async () => {
  assert.equal(
    readFileSync(join(root, DENIAL_PAGE), 'utf8'),
    await renderDenialPage(),
    'run npx node scripts/denials.ts and review the difference',
  );
});

test('every code of a refusal and of a notice has a case in denial-cases.ts', async () => {
  const codes = new Set(Object.keys(ENGLISH).flatMap((key) => /^([A-Z_]+)\./.exec(key)?.[1] ?? []));
  // These codes are for requests that are not reviews, and for notes of `check`. Other tests cover them.
  for (const code of codes)
    if (
      /^(MALFORMED_(JSON|REVIEW)|UNSUPPORTED_(VERSION|MEDIA_TYPE)|BODY_|PART_NOT_READ$|RENDER_FIRST$)/.test(
        code,
      )
    )
      codes.delete(code);
  const { catalogue } = chooseCatalogue('en');
  const keys = Object.entries(ENGLISH);
  for (const one of DENIAL_CASES) {
    const texts = (await textsOf(one, catalogue)).join('\n');
    for (const [key, text] of keys) {
      const [longest = ''] = text.split(/\{[^}]*\}/).toSorted((a, b) => b.length - a.length);
      if (longest.length > 12 && texts.includes(longest)) codes.delete(key.split('.')[0] ?? '');
    }
  }
  assert.deepEqual([...codes], []);
});
