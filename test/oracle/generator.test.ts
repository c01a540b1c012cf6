import assert from 'node:assert/strict';
import test from 'node:test';
import { RULE_KINDS } from '../../src/policy/rules/index.ts';
import type { PolicyDocument } from '../../src/policy/schema.ts';
import { filesBelow, isTest } from '../architecture/sources.ts';
import { BAD_REFERENCE_FAMILIES } from './bad-references.ts';
import type { Case } from './case.ts';
import { Census } from './census.ts';
import { CUSTOM_KINDS, OWN_KINDS } from './custom-kinds.ts';
import { createInProcessGate } from './in-process.ts';
import { CORE_POLICIES, drawCase, FAMILIES, POLICIES } from './generator.ts';
import { judge } from './judge.ts';
import { EPHEMERAL_CONTAINERS, KINDS, UNKNOWN_KINDS } from './kinds.ts';
import type { Setting } from './policy.ts';
import { isClean, reconcile, renderRun } from './report.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
const CASES = 20_000;

const gate = await createInProcessGate(CORE_POLICIES);
const census = new Census();
const refusing = new Set<string>();
for (let index = 0; index < CASES; index += 1) {
  const testCase = drawCase(SEED, index, CORE_POLICIES);
  const reply = await gate.ask(testCase);
  census.add(testCase, reply, judge(testCase, reply));
  for (const [, rule = ''] of reply.body.matchAll(/\[rule ([^\]]+)\]/g))
    refusing.add(`${testCase.policy.name} ${rule}`);
}

test('R1 a slice of the oracle: no open gate, no wrong denial, no other fault, and every answer was recorded', () => {
  const parties = { client: census.records, recorder: gate.records };
  const run = {
    target: 'oracle',
    seed: SEED,
    census,
    seconds: 1,
    discrepancies: reconcile(parties),
    parties: Object.keys(parties),
  };
  assert.ok(isClean(run), renderRun(run, false));
});

test('every family, policy, kind, stage, version and operation is drawn', () => {
  const kinds = [...KINDS, EPHEMERAL_CONTAINERS, ...CUSTOM_KINDS, ...OWN_KINDS].map(
    ({ apiVersion, kind }) => `kind ${apiVersion} ${kind}`,
  );
  const expected = [
    ...FAMILIES.map(({ name }) => name),
    ...CORE_POLICIES.map(({ name }) => name),
    ...kinds,
    ...UNKNOWN_KINDS.map(([apiVersion, kind]) => `kind ${apiVersion} ${kind}`),
    ...['deny', 'warn', 'audit'].map((stage) => `stage ${stage}`),
    ...['CREATE', 'UPDATE', 'DELETE', 'CONNECT', 'PATCH', ''].map((operation) => `operation ${operation}`),
    ...['v1', 'v1beta1'].map((version) => `admission.k8s.io/${version}`),
    'imagepolicy.k8s.io/v1alpha1',
    ...['true', 'false', 'undefined'].map((dryRun) => `dry run ${dryRun}`),
  ];
  assert.deepEqual(
    expected.filter((facet) => !census.facets.has(facet)),
    [],
  );
});

test('every kind of bad case and every row of every policy’s table is drawn', () => {
  const rows = CORE_POLICIES.flatMap(({ name, settings }) =>
    settings.flatMap((setting) => familiesOf(name, setting)),
  );
  const references = BAD_REFERENCE_FAMILIES.flatMap((family) => [
    `bad reference: ${family}`,
    `ImageReview: bad reference: ${family}`,
  ]);
  const fields = [...CUSTOM_KINDS, ...OWN_KINDS].flatMap(({ apiVersion, kind, fields }) =>
    fields.map(([path]) => `bad ${apiVersion} ${kind} at ${path}`),
  );
  assert.deepEqual(
    [...rows, ...references, ...fields].filter((family) => !census.families.has(family)),
    [],
  );
  const [good = 0, bad = 0] = [census.truths.get('good'), census.truths.get('bad')];
  assert.ok(good > CASES / 3 && bad > CASES / 3, `${good} good, ${bad} bad`);
});

test('every kind of rule refuses a case (a new kind needs a rule in image-policies.ts or place-policies.ts)', () => {
  const kinds = new Set(
    POLICIES.flatMap(({ name, document }) =>
      (document as PolicyDocument).spec.rules
        .filter((rule) => refusing.has(`${name} ${rule.name}`))
        .flatMap((rule) => Object.keys(rule)),
    ),
  );
  assert.deepEqual(
    Object.keys(RULE_KINDS).filter((kind) => !kinds.has(kind)),
    [],
  );
});

test('the source of the test rule behaves in each of its ways', () => {
  assert.deepEqual([...gate.behaviours.keys()].toSorted(), [
    'approves',
    'disapproves',
    'late',
    'malformed',
    'never',
    'rejects',
    'slow',
    'throws',
  ]);
});

test('a case depends only on its number and the seed', () => {
  const record = (testCase: Case): string =>
    JSON.stringify({ ...testCase, policy: testCase.policy.name, body: testCase.body.toString('base64') });
  for (const index of [0, 1, 17, 4711, 123_456_789]) {
    assert.equal(record(drawCase(SEED, index)), record(drawCase(SEED, index)));
    assert.notEqual(record(drawCase(SEED, index)), record(drawCase(SEED + 1, index)));
  }
});

test('no body contains its truth or its family', () => {
  for (let index = 0; index < 500; index += 1) {
    const { body, target, truth, family } = drawCase(SEED, index);
    const sent = target + body.toString();
    assert.ok(!sent.includes(family) && !sent.includes(`"truth"`) && !sent.includes(`"${truth}"`), sent);
  }
});

test('the oracle is independent of the product: its generator and its judge import no file of src/', () => {
  const drivers = new Set(['in-process', 'tls-gate'].map((name) => `test/oracle/${name}.ts`));
  const borrowed = filesBelow('test/oracle', '.ts')
    .filter(({ path }) => !isTest(path) && !drivers.has(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => specifier.includes('src/'))
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
  assert.deepEqual(borrowed, []);
});

/** The cases of a row that concern built-in kinds of Kubernetes. */
function familiesOf(policy: string, { what, protocol, kinds, expect }: Setting): string[] {
  if (kinds.length === 0) return [];
  const [prefix, at, usage] =
    protocol === 'ImageReview'
      ? (['ImageReview: ', '', 'unknown'] as const)
      : (['', ' at container', 'container'] as const);
  const { good, bad } = expect[usage];
  const families = [
    { family: `${prefix}good images: ${policy}, ${what}`, pairs: good },
    { family: `${prefix}bad image${at}: ${policy}, ${what}`, pairs: bad },
  ];
  return families.filter(({ pairs }) => pairs.length > 0).map(({ family }) => family);
}
