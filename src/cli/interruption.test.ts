import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { made } from '#test/certificate-folders.ts';
import { type Folder, folderOf } from '#test/command-line.ts';
import { createAuthority } from '../certificate/authority.ts';

const program = fileURLToPath(new URL('../../bin/kube-image-bouncer.js', import.meta.url));

const MANIFEST = `apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - command: [kube-apiserver, --secure-port=1] # no server answers there
    image: registry.k8s.io/kube-apiserver:v1.37.1
    name: kube-apiserver
`;

async function tree({ path }: Pick<Folder, 'path'>): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    await Promise.all(
      entries.map(async (entry) => {
        const place = join(entry.parentPath, entry.name);
        return [place, entry.isFile() ? await readFile(place, 'utf8') : '/'] as const;
      }),
    ),
  );
}

/** Runs a command, sends the signal when it prints `waiting`, and returns its output and its exit code. */
async function interrupt(
  args: readonly string[],
  waiting: RegExp,
  signal: NodeJS.Signals,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let isSent = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += String(chunk);
      if (isSent || !waiting.test(output)) return;
      isSent = true;
      child.kill(signal);
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

describe('XH2 a command that is interrupted while it waits', { concurrency: 2, timeout: 25_000 }, () => {
  it('bootstrap image-policy restores every file', async () => {
    await using folder = await folderOf({ 'manifests/kube-apiserver.yaml': MANIFEST });
    const before = await tree(folder);
    const { code, output } = await interrupt(
      [
        'bootstrap',
        'image-policy',
        '--apply',
        '--image=registry.example.com/gate:1.0',
        '--port=1',
        `--folder=${folder.file('gate')}`,
        `--manifest=${folder.file('manifests/kube-apiserver.yaml')}`,
      ],
      /^waiting until the gate answers$/m,
      'SIGINT',
    );
    assert.match(output, /^SIGINT: stopping, [^]*^restored: every file that this run changed$/m);
    assert.match(output, /^error: SIGINT interrupted this command$/m);
    assert.deepEqual([code, await tree(folder)], [2, before]);
  });

  it('bootstrap static restores the manifest of the API server, and then the other files', async () => {
    const { certificate } = await createAuthority({ commonName: 'a', notBefore: new Date(), days: 1 });
    await using folder = await folderOf({
      'manifests/kube-apiserver.yaml': MANIFEST,
      'gate/pki/ca.crt': certificate,
    });
    const before = await tree(folder);
    const { code, output } = await interrupt(
      [
        'bootstrap',
        'static',
        '--apply',
        '--url=https://127.0.0.1:1323',
        `--folder=${folder.file('gate')}`,
        `--manifest=${folder.file('manifests/kube-apiserver.yaml')}`,
      ],
      /^waiting until the API server is ready again$/m,
      'SIGTERM',
    );
    assert.match(
      output,
      /^changed +\S+kube-apiserver\.yaml$[^]*^SIGTERM: stopping, [^]*^restored: every file/m,
    );
    assert.deepEqual([code, await tree(folder)], [2, before]);
  });

  it('certificate rotate gives the gate its former certificate again', async () => {
    await using folder = await made();
    const before = await tree(folder);
    const { code, output } = await interrupt(
      ['certificate', 'rotate', '--folder', folder.pki],
      /^switch-leaf: .*\nwait: 30 s/m,
      'SIGHUP',
    );
    assert.match(output, /^put back: the gate gets its former certificate again$/m);
    assert.match(
      output,
      /^error: SIGHUP interrupted this command: .*run this command again, and it continues$/m,
    );
    assert.deepEqual([code, await tree(folder)], [2, before]);
  });
});
