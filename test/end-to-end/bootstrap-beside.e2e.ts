import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { createAuthority } from '../../src/certificate/authority.ts';
import { newestKubernetes } from '../control-plane/binaries.ts';
import { freePort } from './support/free-ports.ts';
import { startGate } from './support/gate.ts';
import { startNode, type Node } from './support/node.ts';
import { latestRefused } from './support/objects.ts';
import type { CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { runOurselves } from './support/wired-cluster.ts';

const image = '--image=registry.example.com/kube-image-bouncer:0.1.0';

/** A node that is wired as `ImagePolicyWebhook`, and a second gate that a webhook can call as well. */
interface TwoGates extends AsyncDisposable {
  readonly node: Node;
  /** Runs `bootstrap webhook` for the second gate. */
  readonly webhook: (...words: readonly string[]) => Promise<CommandResult>;
  readonly imagePolicy: (...words: readonly string[]) => Promise<CommandResult>;
  readonly logTails: () => Promise<string>;
}

async function openTwoGates(version: 'v1.24' | 'v1.37'): Promise<TwoGates> {
  const environment = process.env;
  await using parts = new AsyncDisposableStack();
  const authority = await createAuthority({ commonName: 'second gate', notBefore: new Date(), days: 1 });
  const gate = parts.use(await startGate({ environment, authority }));
  const node = parts.use(await startNode({ environment, version }));
  const authorityFile = join(node.kubernetes, '..', 'second-gate-ca.crt');
  await writeFile(authorityFile, authority.certificate);
  const kubeconfig = `--kubeconfig=${node.kubeconfig}`;
  const owned = parts.move();
  return {
    node,
    imagePolicy: async (...words) => node.bootstrap(image, '--apply', kubeconfig, ...words),
    webhook: async (...words) =>
      runOurselves(node.kubernetes, [
        'bootstrap',
        'webhook',
        kubeconfig,
        ...(words.includes('--apply') ? [`--url=${gate.url}`, `--ca-cert=${authorityFile}`] : []),
        ...words,
      ]),
    logTails: async () => `${await node.logTails()}\n--- gate\n${await gate.logTail()}`,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`a webhook beside ImagePolicyWebhook, on ${version}`, () => {
    const gates = shared(() => openTwoGates(version));

    scenario(
      `[${version}] the webhook is verified although the plugin refuses every bad pod first`,
      async () => {
        assertAdmitted(await gates().imagePolicy());
        const wired = await gates().webhook('--apply');
        assertAdmitted(wired);
        assert.match(wired.stdout, /^proved: a pod with a forbidden image is refused$/m);
        assertRefused(
          await gates().node.kubectl('create', 'deployment', 'web', '--image=nginx'),
          latestRefused,
        );
      },
    );

    scenario(
      `[${version}] the plugin is verified at stages below deny although the webhook refuses`,
      async () => {
        const lowered = await gates().imagePolicy('--stage=audit');
        assertAdmitted(lowered);
        assert.match(lowered.stderr, /^proved: .*CANARY is admitted, as expected at stage audit$/m);
      },
    );

    if (version !== newestKubernetes) return;
    scenario('a webhook without a reachable gate does not count as working', async () => {
      assertAdmitted(await gates().imagePolicy('--stage=deny'));
      assertAdmitted(await gates().webhook('--delete'));
      const lost = await gates().webhook('--apply', `--url=https://127.0.0.1:${await freePort()}`);
      assert.equal(lost.code, 1, lost.stderr);
      assert.match(lost.stdout, /^not wired: /m);
      assertAdmitted(await gates().node.kubectl('create', 'deployment', 'free', '--image=nginx'));
    });
  });
}
