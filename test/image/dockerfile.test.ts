import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../src/control-plane/gate-command.ts';
import { renderDeployment } from '../../src/webhook/gate-deployment.ts';
import { GATE_NAME } from '../../src/wiring/names.ts';
import { podSpecOf } from './pod-container.ts';

const read = (path: string): string =>
  readFileSync(join(fileURLToPath(new URL('../..', import.meta.url)), path), 'utf8');

/** The entry point of the Dockerfile. */
function entrypoint(): readonly string[] {
  const [, list = ''] = /^ENTRYPOINT (\[[^]*?\])$/m.exec(read('Dockerfile').replaceAll('\\\n', '')) ?? [];
  return JSON.parse(list) as readonly string[];
}

const flags = entrypoint().slice(1, -1);

/** Folders whose files the gate in the image may read. */
const readable = flags.flatMap((flag) => /^--allow-fs-read=(.*\/)\*$/.exec(flag)?.[1] ?? []);

describe('the flags of Node in the Dockerfile', () => {
  it('include those of the systemd unit', () => {
    assert.deepEqual(
      NODE_FLAGS.filter((flag) => !flags.includes(flag)),
      [],
    );
  });

  it('include those of a long-running process', () => {
    const [, documented = ''] =
      /^node (--.*) bin\/kube-image-bouncer\.js serve/m.exec(read('docs/cli.md')) ?? [];
    const missing = documented.split(' ').filter((flag) => !flags.includes(flag));
    assert.notEqual(documented, '');
    assert.deepEqual(missing, []);
  });

  it('have one row each in docs/container-image.md, which has no other rows', () => {
    const rows = read('docs/container-image.md').matchAll(/^\| `(--[^`]+)` \|/gm);
    assert.deepEqual(
      [...rows].map(([, flag]) => flag),
      flags,
    );
  });

  it('allow the gate to read the mounts of the Deployment', () => {
    const client = { commonName: 'kube-apiserver', authority: 'PEM' };
    const deployment = renderDeployment({ namespace: GATE_NAME, image: GATE_NAME, replicas: 3, client });
    const [{ volumeMounts }] = podSpecOf(deployment).containers;
    const hidden = volumeMounts.filter(
      ({ mountPath }) => !readable.some((folder) => `${mountPath}/`.startsWith(folder)),
    );
    assert.equal(volumeMounts.length, 3);
    assert.deepEqual(hidden, []);
  });

  it('allow the gate to write into one folder', () => {
    const writable = flags.filter((flag) => flag.startsWith('--allow-fs-write='));
    assert.deepEqual(writable, ['--allow-fs-write=/var/lib/kube-image-bouncer/*']);
    assert.ok(!flags.some((flag) => /^--allow-(?:child-process|addons|wasi|inspector)/.test(flag)));
  });
});
