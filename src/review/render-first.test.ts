import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { recogniseDocument, recogniseObject, recogniseTemplate } from './render-first.ts';

/** The command of a sentence, without the end that all commands have. */
function commandIn(phrase: Parameters<typeof englishText>[0] | undefined): string | undefined {
  if (phrase === undefined) return undefined;
  const [, command] = /; render it: (.*) \| kube-image-bouncer check -$/.exec(englishText(phrase)) ?? [];
  return command ?? englishText(phrase);
}

describe('X08 a template is recognised', () => {
  for (const action of [
    '{{ .Values.image }}',
    '{{- if .Values.on }}',
    '{{ include "c.name" . }}',
    '{{- range $k, $v := .x }}',
    '{{/* a comment */}}',
    '{{ $x }}',
    '{{ (index .a 0) }}',
  ]) {
    it(`X08 by ${action}, which Helm renders`, () => {
      assert.equal(commandIn(recogniseTemplate(`a: ${action}\n`, 'a.yaml')), 'helm template CHART');
    });
  }

  it('X08 with the chart that its path names', () => {
    for (const [file, chart] of [
      ['templates/a.yaml', '.'],
      ['./charts/web/templates/sub/a.yaml', './charts/web'],
      ["/srv/my charts/it's/templates/a.yaml", String.raw`'/srv/my charts/it'\''s'`],
      ['web\\templates\\a.yaml', 'web'],
      ['mytemplates/a.yaml', 'CHART'],
    ] as const)
      assert.equal(commandIn(recogniseTemplate('a: {{ .x }}', file)), `helm template ${chart}`, file);
  });

  it('X08 of another tool, without a command', () => {
    const other = 'this is a template and not YAML; render it first, and check the result';
    for (const text of ['{% if x %}', 'a: {{ name }}', '<% x %>', '<%= x %>'])
      assert.equal(commandIn(recogniseTemplate(text, 'a.yaml')), other, text);
    assert.equal(commandIn(recogniseTemplate('{ a: 1 }', 'x/main.jsonnet')), 'jsonnet x/main.jsonnet');
  });

  it('X08 and other text is not one', () => {
    for (const text of ['a: [', 'a: {b: {c: 1}}', '"', '{{"a": 1}}'.slice(1), '<a>%</a>'])
      assert.equal(recogniseTemplate(text, 'a.yaml'), undefined, text);
  });
});

/** The type of an object, and the command. */
const TYPES: readonly (readonly [apiVersion: string, kind: string, command: string])[] = [
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'helm template NAME CHART --values VALUES'],
  ['helm.cattle.io/v1', 'HelmChart', 'helm template NAME CHART --values VALUES'],
  [
    'kustomize.toolkit.fluxcd.io/v1',
    'Kustomization',
    'flux build kustomization NAME --dry-run --path FOLDER --kustomization-file a/b.yaml',
  ],
  ['argoproj.io/v1alpha1', 'Application', 'argocd app manifests NAME'],
  ['argoproj.io/v1alpha1', 'ApplicationSet', 'argocd app manifests NAME'],
  ['template.openshift.io/v1', 'Template', 'oc process --local --filename a/b.yaml --output yaml'],
];

describe('X08 an object that another tool makes objects of is recognised', () => {
  for (const [apiVersion, kind, command] of TYPES) {
    it(`X08 ${apiVersion} ${kind}`, () => {
      assert.equal(commandIn(recogniseObject(apiVersion, kind, 'a/b.yaml')), command);
      assert.equal(recogniseDocument({ apiVersion, kind }, 'a/b.yaml'), undefined, 'it is an object');
    });
  }

  it('X08 and other objects are not', () => {
    assert.equal(recogniseObject('apps/v1', 'Deployment', 'a.yaml'), undefined);
    assert.equal(recogniseObject('argoproj.io/v1alpha1', 'Rollout', 'a.yaml'), undefined);
    assert.equal(recogniseObject('v1', 'Application', 'a.yaml'), undefined);
  });
});

/** A file, its document, and the command. */
const FILES: readonly (readonly [file: string, value: unknown, command: string])[] = [
  ['a/kustomization.yaml', { resources: ['x.yaml'] }, 'kustomize build a'],
  ['kustomization.yml', { resources: ['x.yaml'] }, 'kustomize build .'],
  ['a/x.yaml', { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' }, 'kustomize build a'],
  [
    'a/kustomization.yaml',
    { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component' },
    'kustomize build FOLDER',
  ],
  ['c/Chart.yaml', { apiVersion: 'v2', name: 'c', version: '1' }, 'helm template c'],
  ['c/values.yaml', { image: { tag: 'x' } }, 'helm template c'],
  ['c/values-prod.yaml', { image: { tag: 'x' } }, 'helm template CHART --values c/values-prod.yaml'],
  ['helmfile.yaml', { releases: [] }, 'helmfile template --file helmfile.yaml'],
  ['cdk8s.yaml', { language: 'go' }, 'cdk8s synth --stdout'],
  ['compose.yaml', { services: { web: { image: 'nginx' } } }, 'kompose convert --stdout --file compose.yaml'],
  ['x.yml', { services: { web: { build: '.' } } }, 'kompose convert --stdout --file x.yml'],
  ['s.yaml', { apiVersion: 'skaffold/v4beta11', kind: 'Config' }, 'skaffold render --filename s.yaml'],
  ['stdin', { NAME: 'demo', 'LAST DEPLOYED': 'today', HOOKS: null }, 'helm template CHART'],
];

describe('X08 a document that is no object is recognised', () => {
  for (const [file, value, command] of FILES) {
    it(`X08 ${file} ${JSON.stringify(value)}`, () =>
      assert.equal(commandIn(recogniseDocument(value, file)), command));
  }

  it('X08 on standard input, where the command has placeholders', () => {
    assert.equal(
      commandIn(recogniseDocument({ services: { a: { image: 'b' } } }, 'stdin')),
      'kompose convert --stdout --file FILE',
    );
    const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
    assert.equal(commandIn(recogniseDocument(kustomization, 'stdin')), 'kustomize build FOLDER');
  });

  it('X08 and other documents are not', () => {
    for (const value of [
      null,
      1,
      [],
      {},
      { services: [] },
      { services: { a: 1 } },
      { kind: 'Pod', services: {} },
    ])
      assert.equal(recogniseDocument(value, 'x.yaml'), undefined, JSON.stringify(value));
    // kubectl applies an object whatever the name of its file is.
    for (const file of ['values.yaml', 'a/kustomization.yaml'])
      assert.equal(recogniseDocument({ apiVersion: 'v1', kind: 'Pod' }, file), undefined, file);
    const flux = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' };
    assert.equal(recogniseDocument(flux, 'a/kustomization.yaml'), undefined);
    assert.equal(
      commandIn(recogniseDocument({ kind: 'Component' }, 'a/kustomization.yaml')),
      'kustomize build FOLDER',
    );
  });
});
