import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { createAuthority } from '../../src/certificate/authority.ts';
import { startGate, type Gate } from './support/gate.ts';
import { startNode, type Node } from './support/node.ts';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { apiServerName, assertAdmitted, assertRefused } from './support/stage.ts';
import { runOurselves } from './support/wired-cluster.ts';

const refusal = 'admission webhook "images.kube-image-bouncer.io" denied the request: ';

/** A node, and a gate on it that accepts only the API server as a client. */
interface GuardedNode extends AsyncDisposable {
  readonly node: Node;
  readonly gate: Gate;
  readonly bootstrap: (...words: readonly string[]) => Promise<CommandResult>;
  readonly logTails: () => Promise<string>;
}

describe('bootstrap static on v1.37', () => {
  const guarded = shared(async () => openGuardedNode());
  const kubectl = async (...args: string[]): Promise<CommandResult> => guarded().node.kubectl(...args);
  const bootstrap = async (...args: string[]): Promise<CommandResult> => guarded().bootstrap(...args);

  scenario('without --apply the command shows the changes and makes none', async () => {
    const before = await guarded().node.tree();
    const { code, stdout, stderr } = await bootstrap();
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^\+name: kube-image-bouncer\.static\.k8s\.io$|^\+ {2}name: kube-image-bouncer\.static\.k8s\.io$/m,
    );
    assert.match(stdout, /^\+ +- --admission-control-config-file=/m);
    assert.deepEqual(await guarded().node.tree(), before);
  });

  scenario(
    'one command wires the node, --undo removes every trace, and the node can be wired again',
    async () => {
      const before = await guarded().node.tree();
      const applied = await bootstrap('--apply');
      assert.equal(applied.code, 0, applied.stderr);
      assert.match(applied.stderr, /^proved: a pod with a forbidden image is refused$/m);
      assertRefused(await kubectl('run', 'web', '--image=nginx'), refusal, latestRefused);
      const undone = await bootstrap('--undo');
      assert.equal(undone.code, 0, undone.stderr);
      assert.deepEqual(await guarded().node.tree(), before);
      assertAdmitted(await kubectl('run', 'free', '--image=nginx', '--dry-run=server'));
      assert.equal((await bootstrap('--apply')).code, 0);
    },
  );

  scenario('a second run changes nothing', async () => {
    const before = await guarded().node.tree();
    const again = await bootstrap('--apply');
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /^nothing to change$/m);
    assert.deepEqual(await guarded().node.tree(), before);
  });

  scenario('a webhook from a file is not in the API and cannot be deleted there', async () => {
    assertAdmitted(await kubectl('run', 'web', '--image=nginx:1.17.1'));
    const seen = await kubectl('get', 'validatingwebhookconfigurations', '-o=name');
    assert.equal(seen.stdout, '');
    assertAdmitted(await kubectl('delete', 'validatingwebhookconfigurations', '--all'));
    assertRefused(await kubectl('create', 'deployment', 'web', '--image=nginx'), refusal, latestRefused);
  });

  scenario('a changed stage is active without a restart', async () => {
    const { manifest } = guarded().node;
    const before = await guarded().node.tree();
    const warned = await bootstrap('--apply', '--stage=warn');
    assert.equal(warned.code, 0, warned.stderr);
    assert.match(warned.stderr, /^proved: a pod with a forbidden image is warned$/m);
    const name = manifest.slice(guarded().node.kubernetes.length);
    assert.equal((await guarded().node.tree())[name], before[name], 'the manifest is unchanged');
    assertAdmitted(await kubectl('run', 'bad', '--image=nginx'));
    const refused = await bootstrap('--apply');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^refused {2}Pod default\/bad$/m);
    assert.equal((await bootstrap('--apply', '--yes')).code, 0);
  });

  scenario('on an older Kubernetes the command recommends the alternative', async () => {
    const { code, stderr } = await bootstrap('--kubernetes-version=1.35');
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: Kubernetes 1\.35 cannot read a webhook configuration from a file; this needs 1\.37/,
    );
    const gated = await bootstrap('--kubernetes-version=1.36');
    assert.match(
      gated.stderr,
      /first start kube-apiserver with --feature-gates=ManifestBasedAdmissionControlConfig=true/,
    );
  });
});

async function openGuardedNode(): Promise<GuardedNode> {
  const environment = process.env;
  await using parts = new AsyncDisposableStack();
  const authority = await createAuthority({ commonName: 'static tests', notBefore: new Date(), days: 1 });
  const client = await authority.issueClient({ commonName: apiServerName, notBefore: new Date(), days: 1 });
  const gate = parts.use(await startGate({ environment, authority, clientName: apiServerName }));
  const node = parts.use(await startNode({ environment, version: 'v1.37' }));
  const pki = join(node.folder, 'pki');
  await mkdir(pki, { recursive: true });
  await writeFile(join(pki, 'ca.crt'), authority.certificate);
  await writeFile(join(pki, 'apiserver-client.crt'), client.certificate);
  await writeFile(join(pki, 'apiserver-client.key'), client.key, { mode: 0o600 });
  const owned = parts.move();
  return {
    node,
    gate,
    bootstrap: async (...words) =>
      runOurselves(node.kubernetes, [
        'bootstrap',
        'static',
        `--url=${gate.url}`,
        `--folder=${node.folder}`,
        `--manifest=${node.manifest}`,
        `--kubeconfig=${node.kubeconfig}`,
        ...words,
      ]),
    logTails: async () => `${await node.logTails()}\n--- gate\n${await gate.logTail()}`,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
