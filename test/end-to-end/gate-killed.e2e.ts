import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { folderTarget } from '../../src/certificate/folder-target.ts';
import { ensurePki } from '../../src/certificate/pki-folder.ts';
import { rotate, type RotationTarget } from '../../src/certificate/rotation.ts';
import { openCluster } from '../../src/kubernetes/config.ts';
import { trustedByWebhooks } from '../../src/rollout/rotation-target.ts';
import type { KubernetesVersion } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';
import { startGateOnFiles, type GateOnFiles } from './support/gate-on-files.ts';
import { renderTraffic, runPodTraffic, type Outage } from './support/pod-traffic.ts';
import { assertAdmitted } from './support/stage.ts';
import { makeTemporaryFolder } from './support/temporary-folder.ts';
import { runOurselves } from './support/wired-cluster.ts';

/** `TRAFFIC_SECONDS=60` for the complete proof. */
const SECONDS = Number(process.env['TRAFFIC_SECONDS'] ?? 12);
const SEED = Number(process.env['SEED'] ?? 5);
/** Pods a second. */
const RATE = 100;
const ALIVE_MS = 1500;
const DEAD_MS = 700;
/** The API server activates a webhook configuration within some ten milliseconds. */
const DELAY_MS = 500;

/** A gate that is killed and started again while its certificates change. */
interface KilledGate extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly target: RotationTarget;
  /** Kills the gate, waits, and starts it again. Resolves with the time in which no gate answered. */
  readonly killAndStart: () => Promise<Outage>;
}

async function openKilledGate(version: KubernetesVersion): Promise<KilledGate> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await makeTemporaryFolder('killed')).path;
  const { files } = await ensurePki({ folder, names: ['localhost', '127.0.0.1'], now: () => new Date() });
  const flags = [`--cert=${files.certificate}`, `--key=${files.key}`];
  let gate: GateOnFiles = await startGateOnFiles(flags);
  parts.defer(async () => gate[Symbol.asyncDispose]());
  const controlPlane = parts.use(await startControlPlane({ environment: process.env, version }));
  const { kubeconfig } = controlPlane;
  const wired = await runOurselves(folder, [
    'bootstrap',
    'webhook',
    `--url=https://localhost:${gate.port}`,
    `--ca-cert=${files.authority}`,
    `--kubeconfig=${kubeconfig}`,
    '--apply',
  ]);
  assert.equal(wired.code, 0, wired.stdout + wired.stderr);
  const address = { host: '127.0.0.1', port: gate.port, serverName: 'localhost' };
  const inFiles = folderTarget({ files, address, now: () => new Date() });
  const target = trustedByWebhooks(inFiles, await openCluster({ kubeconfig }));
  const owned = parts.move();
  return {
    controlPlane,
    target,
    killAndStart: async () => {
      const fromMs = performance.now();
      await gate[Symbol.asyncDispose]();
      await sleep(DEAD_MS);
      gate = await startGateOnFiles(flags, gate);
      return { fromMs, toMs: performance.now() };
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function killOften(gate: KilledGate, untilMs: number): Promise<Outage[]> {
  const outages: Outage[] = [];
  while (performance.now() < untilMs) {
    await sleep(ALIVE_MS);
    outages.push(await gate.killAndStart());
  }
  await sleep(ALIVE_MS);
  return outages;
}

/**
 * Rotates in a loop. A rotation during an outage waits for the gate. Resolves with the number of completed rotations.
 */
async function rotateOften({ target }: KilledGate, untilMs: number): Promise<number> {
  const options = {
    authority: true,
    delayMs: DELAY_MS,
    now: () => new Date(),
    sleep: (ms: number) => sleep(Math.min(ms, DELAY_MS)),
  };
  let rotations = 0;
  for (; performance.now() < untilMs; rotations += 1) await rotate(target, options);
  return rotations;
}

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`a gate that is killed under load, on ${version}`, { timeout: 300_000 }, () => {
    it(`R9 R11 in ${SECONDS} s of kills and rotations no bad pod is admitted, and none is refused while the gate runs`, async (context) => {
      await using gate = await openKilledGate(version);
      const { controlPlane } = gate;
      let rotations = 0;
      let kills = 0;
      const report = await runPodTraffic(
        { controlPlane, namespace: 'traffic', rate: RATE, seed: SEED },
        async () => {
          const untilMs = performance.now() + SECONDS * 1000;
          const rotating = rotateOften(gate, untilMs);
          const outages = await killOften(gate, untilMs);
          rotations = await rotating;
          kills = outages.length;
          return outages;
        },
      );
      context.diagnostic(`${kills} kills, ${rotations} rotations: ${renderTraffic(report, SEED)}`);
      assert.deepEqual(report.failOpen, []);
      assert.deepEqual(report.wrongDeny, []);
      assert.deepEqual(report.otherWords, []);
      assert.deepEqual(report.noAnswer, []);
      assert.deepEqual(report.unreconciled, []);
      assert.ok(kills > 1 && rotations > 0 && report.unanswered > 0, 'no pod was sent during an outage');
    });

    if (version === 'v1.37')
      it('control: with failurePolicy Ignore bad pods are admitted', async (context) => {
        await using gate = await openKilledGate(version);
        const { controlPlane } = gate;
        const ignore = [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }];
        assertAdmitted(
          await controlPlane.kubectl([
            'patch',
            'validatingwebhookconfiguration/kube-image-bouncer',
            '--type=json',
            `--patch=${JSON.stringify(ignore)}`,
          ]),
        );
        const report = await runPodTraffic(
          { controlPlane, namespace: 'traffic', rate: RATE, seed: SEED },
          async () => {
            await sleep(DELAY_MS);
            return [await gate.killAndStart()];
          },
        );
        context.diagnostic(renderTraffic(report, SEED));
        assert.ok(report.failOpen.length > 0);
      });
  });
}
