import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { newestKubernetes } from '../control-plane/binaries.ts';
import type { ControlPlane } from './support/control-plane.ts';
import {
  backupOf,
  configurationOf,
  DEAD_GATE,
  lockOut,
  recover,
  recoverWith,
  untilLocked,
  untilOpen,
} from './support/lock-outs.ts';
import { openScene, writeMastersKubeconfig } from './support/recovery-scene.ts';
import { shared } from './support/scenario.ts';

const silent = 'failed calling webhook';
const ours = 'kube-image-bouncer';
const images = 'images.kube-image-bouncer.io';

describe('recover: options and undo', () => {
  const scene = shared(() => openScene(newestKubernetes));
  const controlPlane = (): ControlPlane => scene().controlPlane;

  lockOut(
    controlPlane,
    'the kubectl commands that recover shows do the same as --yes',
    { name: ours, webhooks: () => [{ name: images, url: DEAD_GATE }] },
    async () => {
      await untilLocked(controlPlane(), 'kube-system', silent);
      const { stdout } = await recover(controlPlane());
      const [, name = '', patch = ''] = /kubectl patch (\S+ \S+) --type=json -p '(.*)'/.exec(stdout) ?? [];
      const { kubectl } = controlPlane();
      const { code, stderr } = await kubectl(['patch', ...name.split(' '), '--type=json', '-p', patch]);
      assert.equal(code, 0, stderr);
      await untilOpen(controlPlane(), 'kube-system');
      await untilLocked(controlPlane(), 'default', silent);
    },
  );

  lockOut(
    controlPlane,
    'an undo stops if the configuration was changed after the recovery, unless --yes is given',
    { name: ours, webhooks: () => [{ name: images, url: DEAD_GATE }] },
    async () => {
      await untilLocked(controlPlane(), 'kube-system', silent);
      const before = await configurationOf(controlPlane(), ours);
      const taken = await recover(controlPlane(), '--yes');
      const { folder, kubectl } = controlPlane();
      assert.ok(backupOf(taken).startsWith(`${folder}/backup/recover-`), 'flip: --backup');
      await kubectl(['label', 'validatingwebhookconfiguration', ours, 'touched=yes']);
      const stopped = await recover(controlPlane(), '--undo', backupOf(taken));
      assert.equal(stopped.code, 2);
      assert.match(
        stopped.stderr,
        /ValidatingWebhookConfiguration kube-image-bouncer has been changed since the recovery/,
      );
      assert.notDeepEqual(await configurationOf(controlPlane(), ours), before);
      assert.equal((await recover(controlPlane(), '--undo', backupOf(taken), '--yes')).code, 0);
      assert.deepEqual(await configurationOf(controlPlane(), ours), before);
      assert.match(
        (await recover(controlPlane(), '--undo', backupOf(taken))).stdout,
        /as it was before already/,
      );
    },
  );

  lockOut(
    controlPlane,
    'a client certificate of system:masters is enough',
    { name: ours, webhooks: () => [{ name: images, url: DEAD_GATE }] },
    async () => {
      await untilLocked(controlPlane(), 'kube-system', silent);
      const kubeconfig = await writeMastersKubeconfig(scene());
      const taken = await recoverWith(controlPlane(), kubeconfig, '--yes');
      assert.equal(taken.code, 0, taken.stderr);
      await untilOpen(controlPlane(), 'kube-system');
    },
  );

  lockOut(
    controlPlane,
    'flip: the namespace of --namespace is treated like kube-system',
    { name: ours, webhooks: () => [{ name: images, url: DEAD_GATE }] },
    async () => {
      await untilLocked(controlPlane(), 'kube-public', silent);
      const taken = await recover(controlPlane(), '--yes', '--namespace=kube-public');
      assert.equal(taken.code, 0, taken.stdout);
      await untilOpen(controlPlane(), 'kube-public');
      await untilLocked(controlPlane(), 'default', silent);
      const missing = await recover(controlPlane(), '--namespace=kube-pubic');
      assert.equal(missing.code, 2);
      assert.match(missing.stderr, /namespace "kube-pubic" does not exist/);
    },
  );

  lockOut(
    controlPlane,
    'flip: a refused --image counts as locked, even without workloads',
    {
      name: ours,
      webhooks: () => [
        { name: images, url: `${scene().gate.url}/validate`, authority: scene().authority.certificate },
      ],
    },
    async () => {
      await untilLocked(controlPlane(), 'kube-public', 'denied the request');
      const guessed = await recover(controlPlane(), '--until=all');
      assert.match(
        guessed.stdout,
        /kube-public +Pod +webhook \S+ refuses \S+, which no pod uses here: no lock-out/,
      );
      const named = await recover(controlPlane(), '--until=all', '--image=ghcr.io/acme/app:1');
      assert.match(
        named.stdout,
        /kube-public +Pod +LOCKED: webhook images\.kube-image-bouncer\.io refuses ghcr\.io\/acme\/app:1/,
      );
    },
  );
});
