import assert from 'node:assert/strict';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeChanges, restoredError, type UndoOptions, undoChanges, writeFiles } from './change-files.ts';
import { ControlPlaneError } from './errors.ts';
import { comparePlan, type PlannedFile, renderChanges } from './file-plan.ts';
import { recordFile } from './undo-record.ts';

const isRoot = process.getuid?.() === 0;

describe('files of a node', () => {
  let root: string;
  let manifest: string;
  let options: { readonly backupFolder: string; readonly isRoot: boolean };
  let plan: readonly PlannedFile[];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'change-files-'));
    manifest = join(root, 'manifests', 'kube-apiserver.yaml');
    await mkdir(join(root, 'manifests'));
    await writeFile(manifest, 'before\n');
    await chmod(manifest, 0o640);
    options = { backupFolder: join(root, 'gate', 'backup'), isRoot };
    plan = [
      { path: join(root, 'gate', 'pki', 'tls.key'), content: 'KEY\n', mode: 0o600, isKey: true },
      { path: join(root, 'gate', 'policy.yaml'), content: 'policy\n', mode: 0o644 },
      { path: manifest, content: 'after\n' },
    ];
  });
  afterEach(() => rm(root, { recursive: true }));

  const apply = async (files: readonly PlannedFile[] = plan, force = false) =>
    makeChanges(await comparePlan(files, options), { ...options, force });
  const undo = (more: Partial<UndoOptions> = {}) => undoChanges({ ...options, ...more });

  async function tree(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const { mode } = await stat(path);
      const content = entry.isFile() ? await readFile(path, 'utf8') : '/';
      found[path.slice(root.length + 1)] = `${(mode & 0o777).toString(8)} ${content}`;
    }
    return found;
  }

  /** A name that a file can have. Beside it no file with a longer name can be written. */
  const LONG = `${'x'.repeat(225)}.yaml`;

  it('XH17 are all restored if one of them cannot be written, also the record and the folders', async () => {
    const before = await tree();
    await assert.rejects(apply([...plan, { path: join(root, 'manifests', LONG), content: 'new\n' }]), {
      code: 'NODE_FILE_UNWRITABLE',
      message: /ENAMETOOLONG/,
    });
    assert.deepEqual(await tree(), before);
  });

  it('XH17 are not changed if a copy for the undo cannot be written, as on a full disk', async () => {
    await writeFile(join(root, 'manifests', LONG), 'old\n');
    const before = await tree();
    await assert.rejects(apply([...plan, { path: join(root, 'manifests', LONG), content: 'new\n' }]), {
      code: 'NODE_FILE_UNWRITABLE',
    });
    assert.deepEqual(await tree(), before);
  });

  it('XH17 that cannot be restored are named, the others are restored, and --undo restores the rest later', async () => {
    const before = await tree();
    const { rollBack } = await apply();
    await rename(join(root, 'manifests'), join(root, 'moved'));
    const left = await rollBack();
    assert.equal(left.length, 1);
    assert.match(left[0] ?? '', /kube-apiserver\.yaml: ENOENT/);
    await assert.rejects(stat(join(root, 'gate', 'policy.yaml')), { code: 'ENOENT' });
    const error = restoredError(new Error('the disk is full'), left);
    assert.ok(error instanceof ControlPlaneError);
    assert.equal(error.code, 'RESTORE_INCOMPLETE');
    assert.match(
      error.message,
      /^the disk is full; these files could not be restored: .*; repair the cause, then run the same command with --undo in place of --apply$/,
    );
    await rename(join(root, 'moved'), join(root, 'manifests'));
    await undo();
    assert.deepEqual(await tree(), before);
  });

  it('are written with their modes, backed up outside the folder of manifests, and restored to the byte', async () => {
    const before = await tree();
    const { paths } = await apply();
    assert.equal(paths.length, 3);
    const after = await tree();
    assert.equal(after['gate/pki/tls.key'], '600 KEY\n');
    assert.equal(after['gate/policy.yaml'], '644 policy\n');
    assert.equal(after['manifests/kube-apiserver.yaml'], '640 after\n', 'the mode of what was there');
    assert.deepEqual(await readdir(join(root, 'manifests')), ['kube-apiserver.yaml']);
    assert.deepEqual(await undo(), [
      manifest,
      join(root, 'gate', 'policy.yaml'),
      join(root, 'gate', 'pki', 'tls.key'),
    ]);
    assert.deepEqual(await tree(), before);
  });

  it('get their former mode, even if only the mode was changed', async () => {
    const key = join(root, 'manifests', 'tls.key');
    await writeFile(key, 'KEY\n');
    await chmod(key, 0o640);
    const before = await tree();
    await apply([{ path: key, content: 'KEY\n', mode: 0o600, isKey: true }]);
    assert.equal((await tree())['manifests/tls.key'], '600 KEY\n');
    await undo();
    assert.deepEqual(await tree(), before);
  });

  it('stay unchanged the second time, and nothing is backed up again', async () => {
    await apply();
    const once = await tree();
    assert.deepEqual((await apply()).paths, []);
    assert.deepEqual(await tree(), once);
  });

  it('are restored to the state before the first of several changes', async () => {
    const before = await tree();
    await apply();
    await apply([
      { path: manifest, content: 'later\n' },
      { path: join(root, 'new'), content: 'x' },
    ]);
    await undo();
    assert.deepEqual(await tree(), before);
  });

  it('are rolled back to the start of a run, not further', async () => {
    await apply();
    const once = await tree();
    const { rollBack } = await apply([
      { path: manifest, content: 'later\n' },
      { path: join(root, 'other', 'new'), content: 'x' },
    ]);
    await rollBack();
    assert.deepEqual(await tree(), once);
    await undo();
    assert.equal((await tree())['manifests/kube-apiserver.yaml'], '640 before\n');
  });

  it('are removed if the first run fails', async () => {
    const before = await tree();
    await (await apply()).rollBack();
    assert.deepEqual(await tree(), before);
  });

  it('can be undone after an interrupted run', async () => {
    const before = await tree();
    await apply();
    // As if the run had ended after the record and the first file.
    await rm(join(root, 'gate', 'policy.yaml'));
    await writeFile(manifest, 'before\n');
    await undo();
    assert.deepEqual(await tree(), before);
  });

  it('that another program has changed stop the undo before its first change', async () => {
    await apply();
    await writeFile(manifest, 'kubeadm was here\n');
    const changed = await tree();
    await assert.rejects(undo(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CHANGED_SINCE');
      assert.ok(error.message.startsWith(`${manifest}: another program has changed this after the last run`));
      return true;
    });
    assert.deepEqual(await tree(), changed);
  });

  it('flip: reconcile decides about files that another program has changed', async () => {
    const before = await tree();
    await apply();
    await writeFile(manifest, 'kubeadm was here\n');
    await undo({ reconcile: (_, text) => ({ kind: 'text', text: `${text}without us\n` }) });
    assert.deepEqual(await tree(), {
      ...before,
      'manifests/kube-apiserver.yaml': '640 kubeadm was here\nwithout us\n',
    });
  });

  it('that another program has rewritten are copied again before the next change', async () => {
    const before = await tree();
    await apply();
    await writeFile(manifest, 'kubeadm was here\n');
    await apply();
    await undo();
    assert.deepEqual(await tree(), { ...before, 'manifests/kube-apiserver.yaml': '640 kubeadm was here\n' });
  });

  it('flip: onRestored is called for each, the manifest first', async () => {
    await apply();
    const heard: string[] = [];
    await undo({
      onRestored: async (path, what) => void heard.push(`${what} ${path.slice(root.length + 1)}`),
    });
    assert.deepEqual(heard, [
      'restored manifests/kube-apiserver.yaml',
      'removed gate/policy.yaml',
      'removed gate/pki/tls.key',
    ]);
  });

  it('with a private key are not overwritten; flip: force overwrites them', async () => {
    await apply();
    const other = [{ ...(plan[0] ?? assert.fail()), content: 'OTHER\n' }];
    const once = await tree();
    await assert.rejects(apply(other), { code: 'KEY_EXISTS' });
    assert.deepEqual(await tree(), once);
    await apply(other, true);
    assert.equal((await tree())['gate/pki/tls.key'], '600 OTHER\n');
    await assert.rejects(writeFiles(await comparePlan(plan, options), options), { code: 'KEY_EXISTS' });
  });

  it('can be removed and restored', async () => {
    const before = await tree();
    await apply([{ path: manifest, content: undefined }]);
    assert.equal((await tree())['manifests/kube-apiserver.yaml'], undefined);
    await undo();
    assert.deepEqual(await tree(), before);
  });

  it('behind a link are changed at their real path', async () => {
    const link = join(root, 'link.yaml');
    await symlink(manifest, link);
    await apply([{ path: link, content: 'after\n' }]);
    assert.equal((await tree())['manifests/kube-apiserver.yaml'], '640 after\n');
  });

  it('are not restored without a record, or from a damaged one', async () => {
    await assert.rejects(undo(), { code: 'NOTHING_TO_UNDO' });
    await apply();
    const once = await tree();
    const copy = Object.keys(once).find(
      (name) => name.endsWith('kube-apiserver.yaml') && name.includes('backup'),
    );
    await writeFile(join(root, copy ?? assert.fail('no copy')), 'other\n');
    await assert.rejects(undo(), {
      code: 'UNDO_RECORD_INVALID',
      message: /the copy is missing or was changed/,
    });
    await writeFile(recordFile(options.backupFolder), '{"version": 2}');
    await assert.rejects(undo(), { code: 'UNDO_RECORD_INVALID', message: /this is not a record/ });
  });

  it('cause an error if they cannot be read or written', async () => {
    await assert.rejects(apply([{ path: join(root, 'manifests'), content: 'x' }]), {
      code: 'NODE_FILE_UNREADABLE',
    });
    await assert.rejects(
      makeChanges([{ file: { path: join(manifest, 'x'), content: 'x' }, before: undefined }], options),
      {
        code: 'NODE_FILE_UNWRITABLE',
      },
    );
  });

  it('are restored if one of them cannot be written', async () => {
    const before = await tree();
    await mkdir(join(root, 'taken'));
    const changes = await comparePlan(plan, options);
    const bad = { file: { path: join(root, 'taken'), content: 'x' }, before: undefined };
    await assert.rejects(makeChanges([...changes, bad], options), { code: 'NODE_FILE_UNWRITABLE' });
    assert.deepEqual(await tree(), { ...before, taken: '755 /' });
  });

  it('are shown as a diff, except keys', async () => {
    const shown = renderChanges(await comparePlan(plan, options));
    assert.equal(
      shown.replaceAll(root, ''),
      `--- /dev/null
+++ /gate/pki/tls.key
# mode 0600
# a private key, not shown
--- /dev/null
+++ /gate/policy.yaml
# mode 0644
@@ -0,0 +1,1 @@
+policy
--- /manifests/kube-apiserver.yaml
+++ /manifests/kube-apiserver.yaml
@@ -1,1 +1,1 @@
-before
+after
`,
    );
  });

  it('flip: modes and owners are compared as well', async () => {
    await apply();
    await chmod(join(root, 'gate', 'policy.yaml'), 0o600);
    assert.equal((await comparePlan(plan, options)).length, 1);
    await apply();
    assert.equal((await tree())['gate/policy.yaml'], '644 policy\n');
    const owned = plan.map((file) => Object.assign({}, file, { owner: 65532 }));
    assert.equal((await comparePlan(owned, { isRoot: true })).length, 3);
    assert.equal((await comparePlan(owned, { isRoot: false })).length, 0);
  });
});
