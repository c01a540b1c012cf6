import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bouncer } from '#test/command-line.ts';
import { renderPolicySchema } from '../../policy/schema.ts';

test('policy schema prints the JSON Schema of a policy and nothing else', async () => {
  const { code, stdout, stderr } = await bouncer(['policy', 'schema']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(renderPolicySchema())));
});
