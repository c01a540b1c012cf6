import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOwnNetwork } from './support/network-namespace.ts';
import { renderTraffic, runPodTraffic, type Outage } from './support/pod-traffic.ts';
import { openReplicatedGate, podAddresses, type ReplicatedGate } from './support/replicated-gate.ts';

const versions = ['v1.24', 'v1.37'] as const;
/** `TRAFFIC_SECONDS=60` for the complete proof. The replacement of a pod takes about twelve seconds. */
const SECONDS = Number(process.env['TRAFFIC_SECONDS'] ?? 12);
const SEED = Number(process.env['SEED'] ?? 5);
/** Pods a second. */
const RATE = 100;
const PAUSE_MS = 1000;
/** Added to the time of the traffic: each version also starts a cluster and drains the last pod. */
const TIMEOUT_MS = 2 * (SECONDS * 1000 + 90_000);

inOwnNetwork(import.meta.url, { environment: process.env, versions, timeoutMs: TIMEOUT_MS }, () => {
  for (const version of versions)
    describe(`a gate of two pods behind its Service, on ${version}`, { timeout: TIMEOUT_MS }, () => {
      it('R8 no review is lost while the pods of the gate are replaced one after the other', async (context) => {
        await using gate = await openReplicatedGate(version);
        let replaced = 0;
        const report = await traffic(gate, async () => {
          const untilMs = performance.now() + SECONDS * 1000;
          for (; performance.now() < untilMs; replaced += 1) {
            await sleep(PAUSE_MS);
            await gate.restart(podAddresses[replaced % podAddresses.length] ?? podAddresses[0], 'SIGTERM');
          }
          await sleep(PAUSE_MS);
          // One gate always ran, so that every refusal without a reason is a fault.
          return [];
        });
        context.diagnostic(`${replaced} pods replaced: ${renderTraffic(report, SEED)}`);
        const { failOpen, wrongDeny, otherWords, noAnswer, unreconciled } = report;
        assert.deepEqual(
          { failOpen, wrongDeny, otherWords, noAnswer, unreconciled },
          { failOpen: [], wrongDeny: [], otherWords: [], noAnswer: [], unreconciled: [] },
        );

        if (version === 'v1.24') return;
        const killed = await traffic(gate, async () => {
          // The API server may have all its open connections to one of the two pods, so both are killed, three times in turn.
          const outages: Outage[] = [];
          for (const pod of [...podAddresses, ...podAddresses, ...podAddresses]) {
            await sleep(PAUSE_MS);
            outages.push(await gate.restart(pod, 'SIGKILL'));
          }
          return outages;
        });
        context.diagnostic(`both pods killed in turn: ${renderTraffic(killed, SEED)}`);
        assert.deepEqual([killed.failOpen, killed.wrongDeny], [[], []]);
        assert.ok(
          killed.unanswered > 0,
          'no review failed although a pod was killed, so this test proves nothing',
        );
      });
    });
});

let runs = 0;

async function traffic(gate: ReplicatedGate, change: () => Promise<readonly Outage[]>) {
  runs += 1;
  const { controlPlane } = gate;
  return runPodTraffic({ controlPlane, namespace: `traffic-${runs}`, rate: RATE, seed: SEED }, change);
}
