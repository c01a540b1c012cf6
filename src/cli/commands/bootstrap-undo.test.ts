import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { bouncer, folderOf, type Folder, type Outcome } from '#test/command-line.ts';
import { createAuthority } from '../../certificate/authority.ts';

const MANIFEST = `apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - command:
    - kube-apiserver
    - --secure-port=1 # no server answers there
    - --enable-admission-plugins=NodeRestriction
    image: registry.k8s.io/kube-apiserver:v1.37.1
    name: kube-apiserver
`;

describe('bootstrap --undo on a node', () => {
  let folder: Folder;
  let manifest: string;
  beforeEach(async () => {
    const { certificate } = await createAuthority({ commonName: 'test', notBefore: new Date(), days: 2 });
    folder = await folderOf({ 'kubernetes/manifests/kube-apiserver.yaml': MANIFEST, 'ca.crt': certificate });
    manifest = folder.file('kubernetes/manifests/kube-apiserver.yaml');
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  function run(...words: readonly string[]): Promise<Outcome> {
    const places = [`--folder=${folder.file('kubernetes/gate')}`, `--manifest=${manifest}`];
    return bouncer(['bootstrap', ...words, ...places, '--timeout=0']);
  }
  const imagePolicy = (...words: readonly string[]): Promise<Outcome> =>
    run('image-policy', `--unit=${folder.file('gate.service')}`, ...words);
  const fromFile = (...words: readonly string[]): Promise<Outcome> => run('static', ...words);

  async function tree(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const entry of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const content = entry.isFile() ? await readFile(path, 'utf8') : '/';
      found[path.slice(folder.path.length)] = `${((await stat(path)).mode & 0o777).toString(8)} ${content}`;
    }
    return found;
  }

  async function done(outcome: Promise<Outcome>): Promise<void> {
    const { code, stderr } = await outcome;
    assert.equal(code, 0, stderr);
  }

  it('restores a manifest that is not readable any more', async () => {
    const before = await tree();
    await done(imagePolicy('--image=registry.example.com/gate:1.0', '--apply'));
    await writeFile(manifest, 'kind: [');
    assert.match(
      (await imagePolicy('--undo')).stderr,
      /another program has changed this after the last run; nothing was undone/,
    );
    await done(imagePolicy('--undo', '--force'));
    assert.deepEqual(await tree(), before);
  });

  it('removes the flags of the gate from a manifest that was edited between two runs', async () => {
    const apply = (...words: readonly string[]): Promise<void> =>
      done(imagePolicy('--image=registry.example.com/gate:1.0', '--apply', ...words));
    await apply();
    const theirs = (text: string): string => text.replace('v1.37.1', 'v1.37.2');
    await writeFile(manifest, theirs(await readFile(manifest, 'utf8')));
    await apply('--allow-ttl=31');
    await done(imagePolicy('--undo'));
    assert.equal(await readFile(manifest, 'utf8'), theirs(MANIFEST));
    assert.deepEqual((await readdir(folder.file('kubernetes'))).toSorted(), ['manifests']);
  });

  const refused = async (words: readonly string[], other: string): Promise<void> => {
    const { code, stderr } = await run(...words);
    assert.match(stderr, new RegExp(`run \`bootstrap ${other} --undo\` first`));
    assert.equal(code, 2);
  };
  const unit = (): string => `--unit=${folder.file('gate.service')}`;

  it('keeps ImagePolicyWebhook if it was wired after a webhook from a file', async () => {
    const before = await tree();
    await done(fromFile('--url=https://127.0.0.1:1323', `--ca-cert=${folder.file('ca.crt')}`, '--apply'));
    await done(imagePolicy('--image=registry.example.com/gate:1.0', '--apply'));
    const wired = await tree();
    await refused(['static', '--undo', '--force'], 'image-policy');
    assert.deepEqual(await tree(), wired);
    await done(imagePolicy('--undo'));
    await done(fromFile('--undo'));
    assert.deepEqual(await tree(), before);
  });

  it('keeps a webhook from a file that was wired after ImagePolicyWebhook, in any order of later runs', async () => {
    const before = await tree();
    const apply = (...words: readonly string[]): Promise<void> =>
      done(imagePolicy('--image=registry.example.com/gate:1.0', '--apply', ...words));
    await apply();
    await done(fromFile('--url=https://127.0.0.1:1323', '--apply'));
    await apply('--allow-ttl=31');
    const wired = await tree();
    await refused(['image-policy', unit(), '--undo', '--force'], 'static');
    assert.deepEqual(await tree(), wired);
    await done(fromFile('--undo', '--force'));
    assert.match(await readFile(manifest, 'utf8'), /NodeRestriction,ImagePolicyWebhook/);
    await done(imagePolicy('--undo', '--force'));
    assert.deepEqual(await tree(), before);
  });
});
