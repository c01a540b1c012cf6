import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { openDoctorCluster } from './doctor-cluster.ts';
import { eventually } from './eventually.ts';
import { scenario, shared } from './scenario.ts';

describe('doctor, on a cluster whose gate is reached by its Service', () => {
  const cluster = shared(() => openDoctorCluster('v1.37'));
  scenario('without any wiring it says so', async () => {
    const answer = await cluster().doctor();
    console.log(JSON.stringify(answer, null, 1));
    assert.equal(answer.code, 1);
  });
  scenario('a healthy cluster has nothing above a note', async () => {
    await cluster().wire();
    const answer = await eventually('healthy', async () => {
      const answer = await cluster().doctor(['--good-image=nginx:1.17.1']);
      console.log(JSON.stringify(answer, null, 1));
      return answer.healthy ? answer : undefined;
    });
    assert.equal(answer.code, 0);
  });
});
