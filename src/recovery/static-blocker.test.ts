import assert from 'node:assert/strict';
import { lstat, readFile, symlink } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import type { ProbeResult } from './probes.ts';
import { readRefusal } from '../wiring/refusal.ts';
import { staticBlockers } from './static-blocker.ts';

const files = { isRoot: false, waitMs: 0 };
const place = { namespace: 'kube-system', role: 'vital', isWanted: true } as const;
const locked: ProbeResult = {
  probe: { place, kind: 'Pod', candidates: [], isGuess: false },
  refusal: readRefusal(500, 'failed calling webhook "a.b.c": connection refused'),
};

const configuration = (webhook: string): string => `kind: ValidatingWebhookConfiguration
webhooks:
- name: a.b.c
  ${webhook}
`;

describe('a webhook from a file as a blocker', () => {
  const ODD = [
    'clientConfig: {url: "https://127.0.0.1/validate", service: null}',
    'clientConfig: null',
    'namespaceSelector: {matchExpressions: all}',
    'namespaceSelector: {matchExpressions: [null, {key: kubernetes.io/metadata.name, operator: NotIn, values: null}]}',
    'rules: [null, {scope: "*"}]',
    'rules: everything',
  ];
  for (const webhook of ODD) {
    it(`is described and has steps although it has ${webhook}`, async () => {
      await using folder = await folderOf({ 'gate.yaml': configuration(webhook) });
      const [blocker = assert.fail()] = await staticBlockers(folder.file('gate.yaml'), files);
      assert.match((await blocker.describe()) ?? '', /^loaded from a file, failurePolicy Fail, calls /);
      const [step = assert.fail()] = await blocker.steps([locked]);
      await step.perform();
      assert.match(await readFile(folder.file('gate.yaml'), 'utf8'), /kube-system/);
    });
  }

  it('does not exist for a file without webhooks', async () => {
    await using folder = await folderOf({
      'empty.yaml': '# nothing\n',
      'list.yaml': '- 1\n',
      'null.yaml': 'null\n',
    });
    for (const name of ['empty.yaml', 'list.yaml', 'null.yaml'])
      assert.deepEqual(await staticBlockers(folder.file(name), files), []);
  });

  it('is changed in the target of a link', async () => {
    const text = configuration('clientConfig: {url: "https://127.0.0.1/validate"}');
    await using folder = await folderOf({ 'kept/gate.yaml': text });
    const link = folder.file('gate.yaml');
    await symlink(folder.file('kept/gate.yaml'), link);
    const [blocker = assert.fail()] = await staticBlockers(link, files);
    const [step = assert.fail()] = await blocker.steps([locked]);
    const [change] = await step.foresee();
    await step.perform();
    assert.ok((await lstat(link)).isSymbolicLink());
    assert.notEqual(await readFile(folder.file('kept/gate.yaml'), 'utf8'), text);
    assert.equal(change?.kind === 'file' && change.path, folder.file('kept/gate.yaml'));
  });
});
