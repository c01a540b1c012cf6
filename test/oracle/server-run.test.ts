import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { Census, recordKey } from './census.ts';
import { drawCase, POLICIES } from './generator.ts';
import { reconcileGate } from './reconciliation.ts';
import { callInParallel, judgeOverTls } from './server-run.ts';
import { Stalls } from './stalls.ts';
import { startTlsGate } from './tls-gate.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
const CASES = 150;

const [policy] = POLICIES;
assert.ok(policy !== undefined);
const gate = await startTlsGate(policy);
after(() => gate[Symbol.asyncDispose]());

const census = new Census();
let next = 0;
const stalls = new Stalls(performance.now());
await callInParallel(
  gate,
  () => (next < CASES ? drawCase(SEED, POLICIES.length * next++) : undefined),
  (testCase, reply) => census.add(testCase, reply, judgeOverTls(testCase, reply, stalls)),
);

test('a gate over TLS answers without a fault, and its log and metrics have the same counts as its callers', async () => {
  assert.equal(census.cases, CASES);
  assert.deepEqual(census.finds, []);
  assert.deepEqual(await reconcileGate(gate, census.records), []);
});

test('a difference between the answers, the log and the metrics is reported', async () => {
  const key = recordKey('AdmissionReview', 'admitted', 'deny');
  const count = census.records.get(key) ?? 0;
  const others = new Map(census.records).set(key, count - 1).set('rejected', 1000);
  const found = await reconcileGate(gate, others);
  assert.deepEqual(
    found.map((one) => one.key),
    [key, 'rejected'],
  );
  assert.deepEqual(found[0]?.counts, { client: count - 1, log: count, metrics: count });
});

test('a gate that ends and no longer answers is reported', async () => {
  await gate.stop();
  const unanswered = new Census();
  let testCase = 0;
  await callInParallel(
    gate,
    () => (testCase < 3 ? drawCase(SEED, POLICIES.length * testCase++) : undefined),
    (one, reply) => unanswered.add(one, reply, judgeOverTls(one, reply, stalls)),
  );
  assert.equal(unanswered.faults.get('noAnswer'), 3);
});
