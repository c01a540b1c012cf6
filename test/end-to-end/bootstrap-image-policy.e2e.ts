import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe } from 'node:test';
import { loadAuthority, type KeyPair } from '../../src/certificate/authority.ts';
import { parseGateKubeconfig } from '../../src/control-plane/gate-kubeconfig.ts';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import { startNode } from './support/node.ts';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';

const image = '--image=registry.example.com/kube-image-bouncer:1.0';
const deniedBy = 'image policy webhook backend denied one or more images: ';
const ownTimeGoal = 3;

for (const version of [oldestKubernetes, newestKubernetes]) {
  describe(`bootstrap image-policy on a node of ${version}`, () => {
    const node = shared(() => startNode({ environment: process.env, version }));
    let before: object = {};
    const apply = (...words: readonly string[]): Promise<CommandResult> =>
      node().bootstrap(image, '--apply', `--kubeconfig=${node().kubeconfig}`, '--timeout=60', ...words);

    scenario(`[${version}] shows the planned changes, and changes nothing`, async () => {
      before = await node().tree();
      const shown = await node().bootstrap(image);
      assertAdmitted(shown);
      assert.match(shown.stdout, /^\+ {4}- --enable-admission-plugins=NodeRestriction,ImagePolicyWebhook$/m);
      assert.doesNotMatch(shown.stdout, /PRIVATE KEY/);
      assert.deepEqual(await node().tree(), before);
    });

    scenario(`[${version}] wires an untouched node with one command`, async () => {
      assertAdmitted(await node().kubectl('run', 'early', '--image=nginx'));
      const applied = await apply('--yes');
      assertAdmitted(applied);
      assert.match(
        applied.stderr,
        /^refused {2}Pod default\/early$/m,
        'running workloads are reviewed first',
      );
      assert.match(applied.stderr, /^proved: .*CANARY is refused/m);
      const ownTime = Number(/^done in ([\d.]+) s/m.exec(applied.stderr)?.[1]);
      assert.ok(ownTime <= ownTimeGoal, `the command itself took ${ownTime} s`);
      process.stdout.write(`# ${version}: ${applied.stderr.trimEnd().split('\n').at(-1)}\n`);
      assertRefused(
        await node().kubectl('run', 'web', '--image=nginx'),
        `Error from server (Forbidden): pods "web" is forbidden: ${deniedBy}`,
        latestRefused,
      );
      assertAdmitted(await node().kubectl('run', 'web', '--image=nginx:1.17.1'));
      assert.deepEqual(node().kubelet.starts(), { 'kube-apiserver': 2, 'kube-image-bouncer': 1 });
    });

    scenario('E14 E15 only the API server of the node may call its gate', async () => {
      const pki = (name: string): Promise<string> => readFile(join(node().folder, 'pki', name), 'utf8');
      const trust = await pki('ca.crt');
      const server = parseGateKubeconfig(await readFile(join(node().folder, 'kubeconfig.yaml'), 'utf8'), 'k');
      const apiServer = {
        certificate: await pki('apiserver-client.crt'),
        key: await pki('apiserver-client.key'),
      };
      const authority = await loadAuthority({ certificate: trust, key: await pki('ca.key') });
      const kubelet = await authority.issueClient({ commonName: 'kubelet', notBefore: new Date(), days: 1 });
      const ask = (client?: KeyPair): Promise<number | 'no answer'> =>
        askAs(server.server?.value ?? '', trust, client);
      assert.equal(await ask(apiServer), 200);
      assert.equal(await ask(), 'no answer');
      assert.equal(await ask(kubelet), 403);
    });

    scenario(`[${version}] changes and restarts nothing the second time`, async () => {
      const wired = await node().tree();
      const again = await apply();
      assertAdmitted(again);
      assert.match(again.stderr, /^nothing to change$/m);
      assert.deepEqual(await node().tree(), wired);
      assert.deepEqual(node().kubelet.starts(), { 'kube-apiserver': 2, 'kube-image-bouncer': 1 });
      assert.deepEqual(node().kubelet.refused(), [], 'the folder of manifests contains only pods');
    });

    scenario(`[${version}] lowers the stage without a confirmation`, async () => {
      const lowered = await apply('--stage=audit');
      assertAdmitted(lowered);
      assert.match(lowered.stderr, /^proved: .*CANARY is admitted, as expected at stage audit$/m);
      assertAdmitted(await node().kubectl('run', 'audited', '--image=nginx'));
    });

    scenario(`[${version}] does not raise the stage while a running workload would be refused`, async () => {
      const lowered = await node().tree();
      const raised = await apply('--stage=deny');
      assert.equal(raised.code, 1);
      assert.match(raised.stderr, /^refused {2}Pod default\/audited$/m);
      assert.deepEqual(await node().tree(), lowered);
    });

    scenario(`[${version}] --undo restores every byte of the node`, async () => {
      const undone = await node().bootstrap('--undo');
      assertAdmitted(undone);
      assert.deepEqual(await node().tree(), before);
      assertAdmitted(await node().kubectl('run', 'late', '--image=nginx'));
      assert.equal((await node().bootstrap('--undo')).code, 2, 'there is nothing left to undo');
    });
  });
}

describe('bootstrap image-policy on a node whose API server does not start with the change', () => {
  const node = shared(() =>
    startNode({
      environment: process.env,
      version: newestKubernetes,
      replaceApiServer: async (program, folder) => {
        const script = join(folder, 'kube-apiserver');
        const refusal = 'case "$*" in *ImagePolicyWebhook*) echo "no such plugin" >&2; exit 1;; esac';
        await writeFile(script, `#!/bin/sh\n${refusal}\nexec ${program} "$@"\n`);
        await chmod(script, 0o755);
        return script;
      },
    }),
  );

  scenario('everything is restored, and the API server runs again', async () => {
    const before = await node().tree();
    const applied = await node().bootstrap(image, '--apply', '--timeout=8');
    assert.equal(applied.code, 2);
    assert.match(
      applied.stderr,
      /restored: every file.*\n.*did not become ready within 8 s .*; it is ready again/,
    );
    assert.deepEqual(await node().tree(), before);
    assertAdmitted(await node().kubectl('run', 'web', '--image=nginx'));
  });
});

/** The status with which a gate answers a client of this certificate. */
function askAs(url: string, trust: string, client?: KeyPair): Promise<number | 'no answer'> {
  const { promise, resolve } = Promise.withResolvers<number | 'no answer'>();
  const pair = client === undefined ? {} : { cert: client.certificate, key: client.key };
  const headers = { 'content-type': 'application/json' };
  const outgoing = request(url, { method: 'POST', ca: trust, ...pair, agent: false, headers }, (answer) => {
    answer.resume();
    resolve(answer.statusCode ?? 0);
  });
  outgoing.on('error', () => resolve('no answer'));
  outgoing.end(
    '{"apiVersion": "imagepolicy.k8s.io/v1alpha1", "kind": "ImageReview", "spec": {"namespace": "a"}}',
  );
  return promise;
}
