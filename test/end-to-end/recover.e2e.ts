import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import type { ControlPlane } from './support/control-plane.ts';
import {
  backupOf,
  configurationOf,
  DEAD_GATE,
  differences,
  lockOut,
  podOf,
  recover,
  tryCreate,
  untilLocked,
  untilOpen,
} from './support/lock-outs.ts';
import { gateImage, openScene } from './support/recovery-scene.ts';
import { scenario, shared } from './support/scenario.ts';

const silent = 'failed calling webhook';
const everything = [
  { apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
];
const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'trial' }, spec: {} };
const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'trial' } };

for (const version of [newestKubernetes, oldestKubernetes]) {
  describe(`recover, on ${version}`, () => {
    const scene = shared(() => openScene(version));
    const controlPlane = (): ControlPlane => scene().controlPlane;

    const ours = 'kube-image-bouncer';
    const images = 'images.kube-image-bouncer.io';

    lockOut(
      controlPlane,
      'no gate runs, with Fail for every pod: recover excludes only the system namespaces',
      { name: ours, webhooks: () => [{ name: images, url: DEAD_GATE }] },
      async () => {
        await untilLocked(controlPlane(), 'kube-system', silent);
        const before = await configurationOf(controlPlane(), ours);

        const explained = await recover(controlPlane());
        assert.equal(explained.code, 1, explained.stderr);
        assert.match(
          explained.stdout,
          /kube-system +Pod +LOCKED: webhook images\.kube-image-bouncer\.io: the gate does not answer/,
        );
        assert.match(
          explained.stdout,
          /webhook images\.kube-image-bouncer\.io of ValidatingWebhookConfiguration kube-image-bouncer/,
        );
        assert.match(explained.stdout, /1\. narrow: excludes kube-system and kube-image-bouncer/);
        assert.deepEqual(await configurationOf(controlPlane(), ours), before, 'explaining changes nothing');

        const taken = await recover(controlPlane(), '--yes');
        assert.equal(taken.code, 0, taken.stdout);
        await untilOpen(controlPlane(), 'kube-system');
        await untilLocked(controlPlane(), 'default', silent);
        const narrowed = await configurationOf(controlPlane(), ours);
        assert.deepEqual(differences(before, narrowed), ['webhooks.0.namespaceSelector.matchExpressions']);

        const undone = await recover(controlPlane(), '--undo', backupOf(taken));
        assert.equal(undone.code, 0, undone.stderr);
        await untilLocked(controlPlane(), 'kube-system', silent);
        assert.deepEqual(await configurationOf(controlPlane(), ours), before);
      },
    );

    lockOut(
      controlPlane,
      'a gate with an expired certificate: recover sets failurePolicy Ignore and changes nothing else',
      {
        name: ours,
        webhooks: () => [
          { name: images, url: `${scene().expired.url}/validate`, authority: scene().authority.certificate },
        ],
      },
      async () => {
        await untilLocked(controlPlane(), 'default', 'certificate has expired');
        const before = await configurationOf(controlPlane(), ours);
        const explained = await recover(controlPlane(), '--until=default');
        assert.match(explained.stdout, /certificate has expired/);
        const taken = await recover(controlPlane(), '--yes', '--until=default');
        assert.equal(taken.code, 0, taken.stdout);
        await untilOpen(controlPlane(), 'default');
        assert.deepEqual(differences(before, await configurationOf(controlPlane(), ours)), [
          'webhooks.0.failurePolicy',
          'webhooks.0.namespaceSelector.matchExpressions',
        ]);
        assert.equal((await recover(controlPlane(), '--undo', backupOf(taken))).code, 0);
        await untilLocked(controlPlane(), 'default', 'certificate has expired');
        assert.deepEqual(await configurationOf(controlPlane(), ours), before);
      },
    );

    lockOut(
      controlPlane,
      'a caBundle of another authority: recover excludes kube-system first',
      {
        name: ours,
        webhooks: () => [
          { name: images, url: `${scene().gate.url}/validate`, authority: scene().other.certificate },
        ],
      },
      async () => {
        await untilLocked(controlPlane(), 'kube-system', 'x509');
        assert.match((await recover(controlPlane())).stdout, /certificate signed by unknown authority/);
        assert.equal((await recover(controlPlane(), '--yes')).code, 0);
        await untilOpen(controlPlane(), 'kube-system');
        await untilLocked(controlPlane(), 'default', 'x509');
      },
    );

    lockOut(
      controlPlane,
      'a policy that refuses everything: recover excludes the system namespaces, then switches to the stage warn',
      {
        name: ours,
        webhooks: () => [
          { name: images, url: `${scene().gate.url}/validate`, authority: scene().authority.certificate },
        ],
      },
      async () => {
        const denied = `admission webhook "${images}" denied the request`;
        await untilLocked(controlPlane(), 'kube-system', denied);
        const before = await configurationOf(controlPlane(), ours);
        const explained = await recover(controlPlane(), '--until=default');
        assert.equal(explained.code, 1);
        assert.match(
          explained.stdout,
          /default +Pod +LOCKED: webhook images\.kube-image-bouncer\.io refuses nginx:1\.17\.1/,
        );
        assert.ok(
          explained.stdout.includes(`LOCKED: webhook ${images} refuses ${gateImage}`),
          'its own image as well',
        );
        assert.match(explained.stdout, /Best: correct the policy/);
        const narrowed = await recover(controlPlane(), '--yes');
        assert.equal(narrowed.code, 0, narrowed.stdout);
        await untilOpen(controlPlane(), 'kube-system');
        await untilOpen(controlPlane(), 'kube-image-bouncer', podOf('gate', gateImage));
        await untilLocked(controlPlane(), 'default', denied);

        const warned = await recover(controlPlane(), '--yes', '--until=default');
        assert.equal(warned.code, 0, warned.stdout);
        await untilOpen(controlPlane(), 'default');
        const { stderr } = await tryCreate(controlPlane(), 'default');
        assert.match(stderr, /^Warning: /, 'the gate still reports the violation');
        assert.deepEqual(differences(before, await configurationOf(controlPlane(), ours)), [
          'webhooks.0.clientConfig.url',
          'webhooks.0.failurePolicy',
          'webhooks.0.namespaceSelector.matchExpressions',
        ]);
        for (const taken of [warned, narrowed])
          assert.equal((await recover(controlPlane(), '--undo', backupOf(taken))).code, 0);
        await untilLocked(controlPlane(), 'kube-system', denied);
        assert.deepEqual(await configurationOf(controlPlane(), ours), before);
      },
    );

    lockOut(
      controlPlane,
      'a hand-made rule for everything, even Leases and nodes: recover excludes the system namespaces and cluster-scoped objects',
      { name: 'lockdown', webhooks: () => [{ name: 'all.example.com', url: DEAD_GATE, rules: everything }] },
      async () => {
        await untilLocked(controlPlane(), 'kube-node-lease', silent, lease);
        await untilLocked(controlPlane(), 'default', silent, node);
        const before = await configurationOf(controlPlane(), 'lockdown');

        const unknown = await recover(controlPlane(), '--yes');
        assert.equal(unknown.code, 1, 'recover does not change webhooks that do not block');
        assert.match(
          unknown.stdout,
          /webhook all\.example\.com, which is in no known configuration of a gate/,
        );
        assert.deepEqual(await configurationOf(controlPlane(), 'lockdown'), before);

        const taken = await recover(controlPlane(), '--yes', '--configuration=lockdown');
        assert.equal(taken.code, 0, taken.stdout);
        for (const [namespace, object] of [
          ['kube-system', podOf('trial')],
          ['kube-system', lease],
          ['kube-node-lease', lease],
          ['default', node],
        ] as const)
          await untilOpen(controlPlane(), namespace, object);
        await untilLocked(controlPlane(), 'default', silent);
        assert.deepEqual(differences(before, await configurationOf(controlPlane(), 'lockdown')), [
          'webhooks.0.namespaceSelector.matchExpressions',
          'webhooks.0.rules.0.scope',
        ]);
        assert.equal((await recover(controlPlane(), '--undo', backupOf(taken))).code, 0);
        await untilLocked(controlPlane(), 'default', silent, node);
        assert.deepEqual(await configurationOf(controlPlane(), 'lockdown'), before);
      },
    );

    lockOut(
      controlPlane,
      'a foreign webhook that refuses everything and has no warn stage: recover removes it, and keeps the other webhook',
      {
        name: 'strangers',
        webhooks: () => [
          {
            name: 'beside.example.com',
            url: DEAD_GATE,
            rules: [{ ...everything[0], resources: ['services'] }],
          },
          {
            name: 'no.example.com',
            url: `${scene().foreignWebhook.url}/elsewhere`,
            authority: scene().authority.certificate,
          },
        ],
      },
      async () => {
        await untilLocked(controlPlane(), 'default', 'denied the request');
        const before = await configurationOf(controlPlane(), 'strangers');
        const options = ['--until=all', '--configuration=strangers'];
        assert.match(
          (await recover(controlPlane(), ...options)).stdout,
          /1\. narrow: excludes kube-system and kube-image-bouncer.*\n.*\n +2\. remove:/,
        );
        const taken = await recover(controlPlane(), '--yes', ...options);
        assert.equal(taken.code, 0, taken.stdout);
        await untilOpen(controlPlane(), 'default');
        const left = await configurationOf(controlPlane(), 'strangers');
        assert.deepEqual(left?.webhooks, before?.webhooks.slice(0, 1));
        assert.equal((await recover(controlPlane(), '--undo', backupOf(taken))).code, 0);
        await untilLocked(controlPlane(), 'default', 'denied the request');
        assert.deepEqual(await configurationOf(controlPlane(), 'strangers'), before);
      },
    );

    lockOut(
      controlPlane,
      'the last webhook of a configuration is removed together with the configuration, and --undo restores both',
      {
        name: 'stranger',
        webhooks: () => [
          {
            name: 'no.example.com',
            url: `${scene().foreignWebhook.url}/elsewhere`,
            authority: scene().authority.certificate,
          },
        ],
      },
      async () => {
        await untilLocked(controlPlane(), 'default', 'denied the request');
        const before = await configurationOf(controlPlane(), 'stranger');
        const taken = await recover(controlPlane(), '--yes', '--until=default', '--configuration=stranger');
        assert.equal(taken.code, 0, taken.stdout);
        await untilOpen(controlPlane(), 'default');
        assert.equal(await configurationOf(controlPlane(), 'stranger'), undefined);
        assert.equal((await recover(controlPlane(), '--undo', backupOf(taken))).code, 0);
        await untilLocked(controlPlane(), 'default', 'denied the request');
        assert.deepEqual(await configurationOf(controlPlane(), 'stranger'), before);
      },
    );

    scenario('without a wiring recover finds no lock-out', async () => {
      const { code, stdout } = await recover(controlPlane(), '--yes', '--until=all');
      assert.equal(code, 0);
      assert.match(stdout, /Nothing is locked\./);
      assert.doesNotMatch(stdout, /kept in/);
    });
  });
}
