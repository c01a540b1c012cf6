import assert from 'node:assert/strict';
import { lstat, readdir, readFile, symlink } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { decodeRecord, keepRecord, renderRecord, type RecoveryRecord } from './record.ts';

const object = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'gate', uid: '1', resourceVersion: '12' },
  webhooks: [{ name: 'a.b.c', failurePolicy: 'Fail' }],
};
const file = { kind: 'file', path: '/etc/kubernetes/x.yaml', mode: 0o600, uid: 0, gid: 0 } as const;

function record(...changes: RecoveryRecord['changes']): RecoveryRecord {
  return { server: 'https://10.0.0.1:6443', recoveredAt: '2026-11-22T03:00:00.000Z', changes };
}

describe('a record of a recovery', () => {
  it('contains each thing in full, before and after', () => {
    const one = record(
      { kind: 'object', before: object, after: undefined },
      { ...file, before: 'a: 1\n', after: 'a: 2\n' },
    );
    assert.deepEqual(decodeRecord(renderRecord(one), 'r.yaml'), one);
    assert.match(renderRecord(one), /^# The changes of `kube-image-bouncer recover`/);
  });

  const TEXTS = [
    '',
    '\n',
    'a: 1',
    'a: 1\r\nb: 2\r\n',
    '\ta\n',
    ' a\n  b\n\n\n',
    '# c\n---\na: "ü 检查"\n',
    'x'.repeat(5000),
    'a\u0085b\u2028c\n',
    '\ufeffa: 1\n',
  ];
  for (const text of TEXTS) {
    it(`keeps a file byte for byte: ${JSON.stringify(text.slice(0, 40))}`, () => {
      const one = record({ ...file, before: text, after: text });
      assert.deepEqual(decodeRecord(renderRecord(one), 'r.yaml'), one);
    });
  }

  const BAD: Readonly<Record<string, string>> = {
    'a: 1\n': 'r.yaml: this is not a record of a recovery (give the file that `recover --yes` printed)',
    '': 'r.yaml: this is not a record of a recovery (give the file that `recover --yes` printed)',
    'apiVersion: kube-image-bouncer.io/v1alpha1\nkind: Recovery\nchanges:\n- kind: object\n':
      'r.yaml:4:3: this change has no `before`',
    'apiVersion: kube-image-bouncer.io/v1alpha1\nkind: Recovery\nchanges:\n- {kind: file, path: /x, before: a}\n':
      'r.yaml:4:3: this change has no `before`',
  };
  for (const [text, message] of Object.entries(BAD)) {
    it(`is refused if it is not one: ${JSON.stringify(text.slice(0, 60))}`, () =>
      assert.throws(() => decodeRecord(text, 'r.yaml'), { code: 'RECOVERY_RECORD_INVALID', message }));
  }

  it('can be read by its owner only, and replaces a link instead of its target', async () => {
    await using folder = await folderOf({ precious: 'as it was' });
    const place = folder.file('kept/r.yaml');
    const one = record({ kind: 'object', before: object, after: undefined });
    await keepRecord(place, one);
    const link = folder.file('kept/link.yaml');
    await symlink(folder.file('precious'), link);
    await keepRecord(link, one);
    assert.equal(await readFile(folder.file('precious'), 'utf8'), 'as it was');
    assert.equal(await readFile(link, 'utf8'), renderRecord(one));
    for (const path of [place, link]) assert.equal((await lstat(path)).mode & 0o777, 0o600);
    assert.deepEqual((await readdir(folder.file('kept'))).toSorted(), ['link.yaml', 'r.yaml']);
  });
});
