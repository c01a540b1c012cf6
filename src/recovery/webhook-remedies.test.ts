import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { editDocument } from '../document/edit.ts';
import { renderYaml } from '../document/render.ts';
import { parseDocuments } from '../document/yaml.ts';
import type { Place } from './places.ts';
import type { Finding } from './probes.ts';
import { readRefusal } from '../wiring/refusal.ts';
import { entriesOf } from './webhook-entry.ts';
import { remediesOf, type Remedy } from './webhook-remedies.ts';

const silent = 'failed calling webhook "a.b.c": connection refused';
const refusing = 'admission webhook "a.b.c" denied the request: no';

function finding(namespace: string | undefined, role: Place['role'], message = silent): Finding {
  return {
    probe: { place: { namespace, role, isWanted: true }, kind: 'Pod', candidates: [], isGuess: false },
    refusal: readRefusal(500, message),
  };
}

const kubeSystem = finding('kube-system', 'vital');
const gateNamespace = finding('gate', 'gate');
const people = finding('default', 'other');

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

function remedies(findings: readonly Finding[], webhook: object = {}): readonly Remedy[] {
  const entry = entriesOf(configuration(webhook))[1] ?? assert.fail();
  return remediesOf(entry, findings);
}

function kinds(findings: readonly Finding[], webhook: object = {}): readonly string[] {
  return remedies(findings, webhook).map(({ kind }) => kind);
}

/** The second webhook once a remedy is applied to it. */
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
  it('begin with the least invasive, and end with its removal', () => {
    assert.deepEqual(kinds([kubeSystem, people]), ['narrow', 'ignore', 'remove']);
    assert.deepEqual(kinds([finding('kube-system', 'vital', refusing)]), ['narrow', 'warn', 'remove']);
    assert.deepEqual(kinds([kubeSystem, finding('gate', 'gate', refusing)]), [
      'narrow',
      'ignore',
      'warn',
      'remove',
    ]);
  });

  it('narrow nothing where only people are locked', () =>
    assert.deepEqual(kinds([people]), ['ignore', 'remove']));

  it('leave out what has been done', () => {
    assert.deepEqual(kinds([kubeSystem, gateNamespace], { namespaceSelector: narrowed }), [
      'ignore',
      'remove',
    ]);
    assert.deepEqual(kinds([people], { failurePolicy: 'Ignore' }), ['remove']);
    const url = 'https://10.0.0.1:1323/validate/warn';
    assert.deepEqual(kinds([finding('default', 'other', refusing)], { clientConfig: { url } }), ['remove']);
  });

  it('ask nobody to warn who is not known to understand it', () => {
    for (const url of ['https://10.0.0.1/elsewhere', 'https://10.0.0.1/validate/audit', 'no url'])
      assert.deepEqual(
        kinds([finding('default', 'other', refusing)], { clientConfig: { url } }),
        ['remove'],
        url,
      );
  });

  it('narrow by the names of namespaces, beside what the selector says already', () => {
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

  it('free what was narrowed, and the others everything', () => {
    const [narrow, ignore] = remedies([kubeSystem, people]);
    assert.deepEqual(
      [narrow, ignore].map((remedy) => [kubeSystem, people].map(({ probe }) => remedy?.frees(probe.place))),
      [
        [true, false],
        [true, true],
      ],
    );
  });

  it('no longer ask about objects without a namespace, where those are locked', () => {
    const [narrow] = remedies([finding(undefined, 'vital')]);
    assert.deepEqual((applied(narrow) as { rules: unknown }).rules, [
      { resources: ['pods'], scope: 'Namespaced' },
    ]);
    assert.deepEqual(kinds([finding(undefined, 'vital')], { rules: [{ scope: 'Namespaced' }] }), [
      'ignore',
      'remove',
    ]);
  });

  it('tell a Service to warn by its path, and a path that is missing is ours', () => {
    const clientConfig = { service: { namespace: 'gate', name: 'gate', port: 443 } };
    const [warn] = remedies([finding('default', 'other', refusing)], { clientConfig });
    const after = applied(warn, { clientConfig }) as { clientConfig: unknown; failurePolicy: string };
    assert.deepEqual(after.clientConfig, { service: { ...clientConfig.service, path: '/validate/warn' } });
    assert.equal(after.failurePolicy, 'Ignore', 'as at every stage below deny');
  });

  it('do nothing about a gate that refuses an image that nobody named', () => {
    const guessed = finding('default', 'other', refusing);
    assert.deepEqual(kinds([{ ...guessed, probe: { ...guessed.probe, isGuess: true } }]), ['remove']);
  });
});
