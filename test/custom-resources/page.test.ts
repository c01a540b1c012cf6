import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSource } from '../architecture/sources.ts';
import { parsePolicy } from '../../src/policy-source/load.ts';
import { parseFieldPath } from '../../src/workload/custom/field-path.ts';
import { SHIPPED_KINDS } from '../../src/workload/custom/shipped-kinds.ts';
import { PAGE, withLists } from './page.ts';

describe(PAGE, () => {
  const page = readSource(PAGE).text;

  it('lists exactly the kinds and paths of the data', () => {
    assert.equal(page, withLists(page), 'npx node scripts/custom-resources.ts writes them');
    for (const { resource } of SHIPPED_KINDS) assert.ok(page.includes(`\`${resource}\``), resource);
  });

  it('the policy that the page shows can be loaded and finds the images that the page names', async () => {
    const policy = await parsePolicy(/```yaml\n([^]*?)```/.exec(page)?.[1] ?? '', PAGE);
    const own = policy.kinds.get('example.com');
    assert.deepEqual([...(own?.keys() ?? [])], ['Widget', 'Fleet']);
    assert.deepEqual([own?.get('Widget')?.template, own?.get('Fleet')?.template], [true, false]);
  });

  it('every form of a step that the page explains is valid', () => {
    const table = page.slice(page.indexOf('| in a path |'), page.indexOf('After a change'));
    const forms = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, form = '']) => form);
    assert.ok(forms.length >= 7);
    for (const form of forms)
      assert.ok(parseFieldPath(/^[.[{]/.test(form) ? `a${form}` : form).steps.length > 1, form);
  });
});
