import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { bouncer, folderOf, type Folder, type Outcome } from '#test/command-line.ts';

const IMAGE = '--image=registry.example.com/gate:1.0';

describe('settings of bootstrap image-policy', () => {
  let folder: Folder;
  let manifest: string;
  beforeEach(async () => {
    folder = await folderOf({});
    manifest = folder.file('manifests/kube-apiserver.yaml');
    await mkdir(dirname(manifest));
    await writeFile(
      manifest,
      'kind: Pod\nspec: {containers: [{name: kube-apiserver, command: [kube-apiserver, --secure-port=1]}]}\n',
    );
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  function run(...words: readonly string[]): Promise<Outcome> {
    const places = [`--folder=${folder.file('gate')}`, `--manifest=${manifest}`, '--timeout=0'];
    return bouncer(['bootstrap', 'image-policy', ...places, ...words]);
  }

  describe('options that contradict each other or are out of range are refused before any change', () => {
    const table: Readonly<Record<string, RegExp>> = {
      '--apply --undo': /--apply, --undo and --out contradict each other/,
      '--allow-ttl=0': /--allow-ttl: "0" is not a whole number from 1 to 1800/,
      '--allow-ttl=30s': /--allow-ttl: "30s"/,
      '--deny-ttl=1801': /--deny-ttl: "1801"/,
      '--retry-backoff=300001': /--retry-backoff: "300001"/,
      '--address=localhost': /--address: "localhost" is not an IP address/,
      '--name=a_b': /--name: "a_b"/,
      '--port=0': /--port: "0"/,
      '--port=5 --health-port=5': /--health-port is the same as --port/,
      '--folder=relative': /--folder: relative is not an absolute path/,
      '--kube-system=deny --policy=/x': /--kube-system changes the default policy/,
      '--ca-key=/x': /--ca-cert is missing/,
      '--ca-cert=/x': /--ca-key is missing/,
      '--ca-cert=/x --ca-key=/y': /--ca-cert: \/x cannot be read/,
      '--approve': /--approve needs --signer/,
      '--signer=example.com/x': /--signer needs a cluster: give --kubeconfig/,
      '--signer=x --kubeconfig=/x --ca-key=/y --ca-cert=/z': /--ca-key and --signer both choose the signer/,
      '--kubeconfig=/none': /\/none cannot be read/,
      '--context=none': /none/,
      '--kubernetes-version=1.20': /older than 1\.24/,
      '--yes': /--yes needs --apply/,
      '--image=Not/Valid': /--image: /,
      '--language=zh%n': /--language: "zh%n" is not a language tag/,
      '--days=0': /--days: "0"/,
      '--stage=hard': /--stage/,
      '--gate=docker': /--gate/,
    };
    for (const [words, message] of Object.entries(table)) {
      it(words, async () => {
        const { code, stderr } = await run(IMAGE, ...words.split(' '));
        assert.equal(code, 2);
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /\n\s+at /);
        assert.deepEqual(await readdir(folder.path), ['manifests']);
      });
    }

    it('no --image', async () =>
      assert.match((await run()).stderr, /--image is missing: give the image of the gate/));

    it('a folder in the folder of manifests, where the kubelet would run its files', async () => {
      const inside = join(dirname(manifest), 'gate');
      await mkdir(inside);
      assert.match(
        (await run(IMAGE, `--folder=${inside}`)).stderr,
        /the kubelet would read its files as pods/,
      );
    });

    it('no manifest', async () =>
      assert.match(
        (await run(IMAGE, '--manifest=/none/x.yaml')).stderr,
        /the manifest of kube-apiserver does not exist/,
      ));

    it('nothing to undo', async () =>
      assert.match((await run('--undo')).stderr, /there is no record of changes/));
  });

  it('refuses paths with characters that systemd interprets', async () => {
    for (const [option, path] of [
      ['--program', '/opt/my gate/x'],
      ['--program', '/opt/%h/x'],
      ['--folder', '/etc/a:b'],
      ['--folder', '/etc/a\nExecStartPre=/bin/true'],
    ] as const) {
      const { code, stderr } = await run('--gate=systemd', '--program=/opt/x', `${option}=${path}`);
      assert.equal(code, 2, path);
      assert.match(stderr, new RegExp(`^error: ${option}: .* cannot be used in a systemd unit`));
    }
  });
});
