import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { editDocument } from '../document/edit.ts';
import { renderYaml } from '../document/render.ts';
import { parseDocuments } from '../document/yaml.ts';
import type { TrialPlace } from './places.ts';
import type { ProbeResult } from './probes.ts';
import { readRefusal } from '../wiring/refusal.ts';
import { entriesOf } from './webhook-entry.ts';
import { remediesOf, type Remedy } from './webhook-remedies.ts';

const silent = 'failed calling webhook "a.b.c": connection refused';
const refusing = 'admission webhook "a.b.c" denied the request: no';

function result(namespace: string | undefined, role: TrialPlace['role'], message = silent): ProbeResult {
  return {
    probe: { place: { namespace, role, isWanted: true }, kind: 'Pod', candidates: [], isGuess: false },
    refusal: readRefusal(500, message),
  };
}

const kubeSystem = result('kube-system', 'vital');
const gateNamespace = result('gate', 'gate');
const people = result('default', 'other');

function configuration(webhook: object = {}): object {
  return {
    webhooks: [
      { name: 'x.b.c', failurePolicy: 'Fail', clientConfig: { url: 'https://10.0.0.1/validate' } },
      {
        name: 'a.b.c',
        failurePolicy: 'Fail',
        clientConfig: { url: 'https://10.0.0.1:1323/validate' },
        rules: [{ resources: ['pods'], scope: '*' }],
        ...webhook,
      },
    ],
  };
}

function remedies(results: readonly ProbeResult[], webhook: object = {}): readonly Remedy[] {
  const entry = entriesOf(configuration(webhook))[1] ?? assert.fail();
  return remediesOf(entry, results);
}

function kinds(results: readonly ProbeResult[], webhook: object = {}): readonly string[] {
  return remedies(results, webhook).map(({ kind }) => kind);
}

/** The second webhook after a remedy. */
function applied(remedy: Remedy | undefined, webhook: object = {}): unknown {
  const text = renderYaml(configuration(webhook));
  const [document] = parseDocuments(editDocument(text, 'x.yaml', remedy?.edits ?? []), 'x.yaml');
  const { webhooks } = (document?.value ?? {}) as { webhooks?: readonly unknown[] };
  return webhooks?.[1];
}

const narrowed = {
  matchExpressions: [
    { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['gate', 'kube-system'] },
  ],
};

describe('remedies for a webhook', () => {
  it('begin with the least invasive one, and end with the removal', () => {
    assert.deepEqual(kinds([kubeSystem, people]), ['narrow', 'ignore', 'remove']);
    assert.deepEqual(kinds([result('kube-system', 'vital', refusing)]), ['narrow', 'warn', 'remove']);
    assert.deepEqual(kinds([kubeSystem, result('gate', 'gate', refusing)]), [
      'narrow',
      'ignore',
      'warn',
      'remove',
    ]);
  });

  it('narrow nothing if only other namespaces are locked', () =>
    assert.deepEqual(kinds([people]), ['ignore', 'remove']));

  it('leave out a remedy that is already in place', () => {
    assert.deepEqual(kinds([kubeSystem, gateNamespace], { namespaceSelector: narrowed }), [
      'ignore',
      'remove',
    ]);
    assert.deepEqual(kinds([people], { failurePolicy: 'Ignore' }), ['remove']);
    const url = 'https://10.0.0.1:1323/validate/warn';
    assert.deepEqual(kinds([result('default', 'other', refusing)], { clientConfig: { url } }), ['remove']);
  });

  it('offer stage warn only for a path of a gate at stage deny', () => {
    for (const url of ['https://10.0.0.1/elsewhere', 'https://10.0.0.1/validate/audit', 'no url'])
      assert.deepEqual(
        kinds([result('default', 'other', refusing)], { clientConfig: { url } }),
        ['remove'],
        url,
      );
  });

  it('narrow by the names of namespaces, and keep the other requirements of the selector', () => {
    const [narrow] = remedies([kubeSystem, gateNamespace, people]);
    assert.deepEqual(applied(narrow), { ...(applied(undefined) as object), namespaceSelector: narrowed });
    const namespaceSelector = {
      matchLabels: { team: 'a' },
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['gate'] }],
    };
    const [added] = remedies([kubeSystem], { namespaceSelector });
    assert.deepEqual(
      (applied(added, { namespaceSelector }) as { namespaceSelector: object }).namespaceSelector,
      {
        matchLabels: { team: 'a' },
        ...narrowed,
      },
    );
  });

  it('free the narrowed places only, or every place', () => {
    const [narrow, ignore] = remedies([kubeSystem, people]);
    assert.deepEqual(
      [narrow, ignore].map((remedy) => [kubeSystem, people].map(({ probe }) => remedy?.frees(probe.place))),
      [
        [true, false],
        [true, true],
      ],
    );
  });

  it('leave out cluster-scoped objects if those are locked', () => {
    const [narrow] = remedies([result(undefined, 'vital')]);
    assert.deepEqual((applied(narrow) as { rules: unknown }).rules, [
      { resources: ['pods'], scope: 'Namespaced' },
    ]);
    assert.deepEqual(kinds([result(undefined, 'vital')], { rules: [{ scope: 'Namespaced' }] }), [
      'ignore',
      'remove',
    ]);
  });

  it('set stage warn in the path of a Service; a missing path is /', () => {
    const clientConfig = { service: { namespace: 'gate', name: 'gate', port: 443 } };
    const [warn] = remedies([result('default', 'other', refusing)], { clientConfig });
    const after = applied(warn, { clientConfig }) as { clientConfig: unknown; failurePolicy: string };
    assert.deepEqual(after.clientConfig, { service: { ...clientConfig.service, path: '/validate/warn' } });
    assert.equal(after.failurePolicy, 'Ignore', 'the failurePolicy of every stage below deny');
  });

  it('do nothing if a gate refuses a guessed image', () => {
    const guessed = result('default', 'other', refusing);
    assert.deepEqual(kinds([{ ...guessed, probe: { ...guessed.probe, isGuess: true } }]), ['remove']);
  });
});
