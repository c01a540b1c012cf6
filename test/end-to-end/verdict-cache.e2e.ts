import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from './support/eventually.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, openStage } from './support/stage.ts';

// Long enough for two kubectl runs on a slow machine, and short enough for a test.
const allowTTL = 5;

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`the verdict cache of the API server on ${version}`, () => {
    const stage = shared(async () => {
      const opened = await openStage({ environment: process.env, version });
      await opened.wireImagePolicy({ allowTTL });
      return opened;
    });

    scenario('the gate is called again only after allowTTL', async () => {
      const kubectl = await stage().namespace('cached');
      assertAdmitted(await kubectl(['run', 'first', '--image=nginx:1.17.1']));
      assertAdmitted(await kubectl(['run', 'second', '--image=nginx:1.17.1']));
      // Another image needs another review. When its decision is logged, an earlier one would be logged as well.
      assertAdmitted(await kubectl(['run', 'other', '--image=nginx:1.18.0']));
      await untilDecided(2);

      await delay((allowTTL + 1) * 1_000);
      assertAdmitted(await kubectl(['run', 'third', '--image=nginx:1.17.1']));
      await untilDecided(3);
    });

    /** Asserts that the gate has logged exactly `count` decisions. */
    async function untilDecided(count: number): Promise<void> {
      const decisions = await eventually(`the gate logs ${count} decisions`, async () => {
        const logged = await stage().gate.decisions();
        return logged.length >= count ? logged : undefined;
      });
      assert.equal(decisions.length, count, JSON.stringify(decisions));
    }
  });
}
