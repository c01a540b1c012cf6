import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority } from '../../../src/certificate/authority.ts';
import type { Node } from './node.ts';
import { latestRefused } from './objects.ts';
import { assertAdmitted, assertRefused } from './stage.ts';

/** The image in the static pod of the gate. The kubelet of the tests runs our sources instead. */
export const image = '--image=registry.example.com/kube-image-bouncer:1.0';

/** Asserts that the node is wired and enforces the policy, and that the command reports it. */
export async function assertWired(node: Node, ...words: readonly string[]): Promise<string> {
  const applied = await node.bootstrap(
    image,
    '--apply',
    `--kubeconfig=${node.kubeconfig}`,
    '--timeout=60',
    ...words,
  );
  assertAdmitted(applied);
  assert.match(applied.stderr, /^proved: .*CANARY is refused/m);
  assertRefused(await node.kubectl('run', 'web', '--image=nginx'), latestRefused);
  assertAdmitted(await node.kubectl('run', 'web', '--image=nginx:1.17.1'));
  assertAdmitted(await node.kubectl('delete', 'pod', 'web', '--now'));
  return applied.stderr;
}

/** Asserts that the same command changes nothing, and that its undo restores the earlier state. */
export async function assertUndone(node: Node, before: object, ...words: readonly string[]): Promise<void> {
  const wired = await node.tree();
  const again = await node.bootstrap(image, '--apply', `--kubeconfig=${node.kubeconfig}`, ...words);
  assert.match(again.stderr, /^nothing to change$/m);
  assert.deepEqual(await node.tree(), wired);
  assertAdmitted(await node.bootstrap('--undo'));
  assert.deepEqual(await node.tree(), before);
}

/** Creates a key pair with another tool. */
export async function writePair(
  folder: string,
  certificateName: string,
  keyName: string,
): Promise<{ readonly certificate: string; readonly key: string }> {
  await mkdir(folder, { recursive: true });
  const authority = await createAuthority({ commonName: 'another-tool', notBefore: new Date(), days: 1 });
  const [certificate, key] = [join(folder, certificateName), join(folder, keyName)];
  await writeFile(certificate, authority.certificate);
  await writeFile(key, authority.key);
  return { certificate, key };
}
