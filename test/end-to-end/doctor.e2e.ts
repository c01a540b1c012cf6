import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import type { FindingCode } from '../../src/diagnosis/finding.ts';
import { openDoctorCluster, whileChanged, type DoctorAnswer } from './doctor-cluster.ts';
import { GATE_FAULTS, WEBHOOK_FAULTS } from './doctor-faults.ts';
import { eventually } from './eventually.ts';
import { lenientPolicy } from './objects.ts';
import { scenario, shared } from './scenario.ts';

const GOOD = '--good-image=nginx:1.17.1';

describe('doctor, on a cluster whose gate is reached by its Service', () => {
  const cluster = shared(async () => {
    const opened = await openDoctorCluster('v1.37');
    await opened.wire();
    return opened;
  });

  /** The API server acts on a change some time after it was stored, and does not say when. */
  const untilFound = async (
    codes: readonly FindingCode[],
    args: readonly string[] = [],
  ): Promise<DoctorAnswer> => {
    let last: DoctorAnswer | undefined;
    const expected = codes.toSorted();
    try {
      return await eventually(
        `doctor finds ${expected.join(', ') || 'nothing'}`,
        async () => {
          last = await cluster().doctor([GOOD, ...args]);
          return JSON.stringify(aboveNotes(last)) === JSON.stringify(expected) ? last : undefined;
        },
        { timeoutMs: 8000 },
      );
    } catch {
      assert.deepEqual(aboveNotes(last), expected, JSON.stringify(last, null, 2));
      throw new Error('it was found after all');
    }
  };

  scenario('a healthy cluster has nothing above a note', async () => {
    const { code, healthy, proofs } = await untilFound([]);
    assert.equal(code, 0);
    assert.equal(healthy, true);
    assert.equal(proofs.length, 4);
  });

  for (const { title, object, change, codes, args } of [...WEBHOOK_FAULTS, ...GATE_FAULTS]) {
    scenario(`finds ${title}`, () =>
      whileChanged(cluster().client, object, change, async () => {
        const { code } = await untilFound(codes, args);
        assert.equal(code, 1);
      }),
    );
  }

  scenario('finds another policy than the one that is meant', async () => {
    const file = join(cluster().controlPlane.folder, 'lenient.yaml');
    await writeFile(file, lenientPolicy);
    await untilFound(['POLICY_DIFFERS'], [`--policy=${file}`]);
  });
});

function aboveNotes(answer: DoctorAnswer | undefined): readonly FindingCode[] {
  const codes = answer?.findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code) ?? [];
  return [...new Set(codes)].toSorted();
}
