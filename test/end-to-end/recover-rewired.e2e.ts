import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { newestKubernetes } from '../control-plane/binaries.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { backupOf, configurationOf, recover, untilLocked, untilOpen } from './support/lock-outs.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted } from './support/stage.ts';
import { openWiredCluster } from './support/wired-cluster.ts';

const name = 'kube-image-bouncer';

describe('after a recovery of a cluster that bootstrap webhook wired', () => {
  const cluster = shared(() => openWiredCluster({ environment: process.env, version: newestKubernetes }));
  const controlPlane = (): ControlPlane => cluster().controlPlane;

  scenario('bootstrap restores the wiring, and changes nothing after an undo', async () => {
    assertAdmitted(await cluster().bootstrap('--apply', '--kube-system=deny'));
    const wired = await configurationOf(controlPlane(), name);
    assert.ok(wired !== undefined);
    await cluster().gate.stop();
    await untilLocked(controlPlane(), 'default', 'failed calling webhook');

    const undone = await recover(controlPlane(), '--yes', '--until=default');
    assert.equal(undone.code, 0, undone.stdout + undone.stderr);
    await untilOpen(controlPlane(), 'default');
    assert.equal((await recover(controlPlane(), '--undo', backupOf(undone))).code, 0);
    assert.deepEqual(await configurationOf(controlPlane(), name), wired);

    const left = await recover(controlPlane(), '--yes', '--until=default');
    assert.equal(left.code, 0, left.stdout + left.stderr);
    await cluster().gate.start();
    assertAdmitted(await cluster().bootstrap('--apply', '--kube-system=deny', '--yes'));
    assert.deepEqual(await configurationOf(controlPlane(), name), wired);
  });
});
