import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer, folderOf } from '#test/command-line.ts';

const GOOD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec: {containers: [{name: a, image: "a:1"}]}\n';
const RUNNER =
  'apiVersion: example.com/v1\nkind: Runner\nmetadata: {name: r}\nspec:\n  size: 3\n  image: nginx:latest\n';

interface Printed {
  readonly objects: readonly {
    readonly notes: readonly { readonly code: string; readonly place: string }[];
  }[];
  readonly notes: readonly { readonly code: string; readonly text: string }[];
  readonly notUnderstood: number;
}

describe('X07 what check does not understand is never a silent success', () => {
  it('X07 an object of an unknown kind with an image has a note at the field, and is counted', async () => {
    const table = await bouncer(['check'], { stdin: RUNNER });
    assert.equal(table.code, 0);
    assert.match(table.stdout, /^note {5}stdin:6:3 {2}Runner r\n.*spec\.image; add to spec\.customResources/);
    assert.match(table.stdout, /\n1 object, 0 images: 0 refused, 1 not understood\n$/);
    const json = await bouncer(['check', '--output', 'json'], { stdin: RUNNER });
    const { objects, notUnderstood } = JSON.parse(json.stdout) as Printed;
    assert.equal(notUnderstood, 1);
    assert.deepEqual(
      objects[0]?.notes.map(({ code, place }) => `${code} ${place}`),
      ['UNKNOWN_KIND stdin:6:3'],
    );
    assert.equal((await bouncer(['check', '--fail-on', 'unread'], { stdin: RUNNER })).code, 2);
  });

  it('X07 an object without an image is understood', async () => {
    const stdin = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}\n';
    const { code, stdout } = await bouncer(['check', '--fail-on', 'unread'], { stdin });
    assert.deepEqual([code, stdout], [0, '1 object, 0 images: 0 refused\n']);
  });

  it('X07 a part that is not read has a note', async () => {
    const stdin = `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  podSpecPatch: '{"containers":[{"name":"main","image":"evil:latest"}]}'\n`;
    const { stdout } = await bouncer(['check'], { stdin });
    assert.match(stdout, /^note {5}stdin:5:3 {2}Workflow w\n {9}spec\.podSpecPatch mentions an image/);
    assert.match(stdout, /, 1 not understood\n$/);
  });

  for (const [what, stdin] of [
    ['nothing', ''],
    ['comments', '# Source: c/templates/a.yaml\n---\n# none\n'],
    ['null', '---\nnull\n---\n'],
    ['an empty list', '{apiVersion: v1, kind: List, items: []}'],
  ] as const) {
    it(`X07 ${what} on standard input is an error, as for kubectl apply`, async () => {
      const { code, stderr } = await bouncer(['check'], { stdin });
      assert.deepEqual([code, stderr], [2, 'error: stdin: it has no Kubernetes object\n']);
    });
  }

  it('X07 a file of nothing beside a good one is an error, too', async () => {
    await using folder = await folderOf({ 'none.yaml': '# none\n', 'good.yaml': GOOD });
    const { code, stderr } = await bouncer(['check', folder.file('good.yaml'), folder.file('none.yaml')]);
    assert.deepEqual(
      [code, stderr],
      [2, `error: ${folder.file('none.yaml')}: it has no Kubernetes object\n`],
    );
    assert.equal((await bouncer(['check', folder.path])).code, 0, 'a folder may have other files');
  });

  it('X07 a folder without objects is an error', async () => {
    await using folder = await folderOf({ 'a.txt': GOOD, 'b.yaml': '# none\n' });
    const { code, stderr } = await bouncer(['check', folder.path]);
    assert.deepEqual([code, stderr], [2, `error: ${folder.path}: no Kubernetes object was found\n`]);
  });
});

describe('X08 what another tool renders first', () => {
  const template = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ include "c.name" . }}\n';
  const chart = {
    'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'web/values.yaml': 'image: {repository: nginx, tag: latest}\n',
    'web/templates/pod.yaml': template,
    'web/crds/pod.yaml': GOOD,
  };

  it('X08 the templates of a chart in a folder are passed over with a note; everything else is judged', async () => {
    await using folder = await folderOf({ ...chart, 'a.yaml': GOOD });
    const { code, stdout, stderr } = await bouncer(['check', folder.path]);
    assert.deepEqual([code, stderr], [0, '']);
    const at = folder.file('web');
    assert.equal(
      stdout,
      `note     ${at}/Chart.yaml\n         this is a Helm chart, and its templates are not judged; render it: helm template ${at} | kube-image-bouncer check -\n2 objects, 2 images: 0 refused\n`,
    );
    const json = await bouncer(['check', folder.path, '--output', 'json']);
    const { notes } = JSON.parse(json.stdout) as Printed;
    assert.deepEqual(
      notes.map(({ code: noteCode }) => noteCode),
      ['RENDER_FIRST'],
    );
  });

  it('X08 a template that is named is an error with the command', async () => {
    await using folder = await folderOf(chart);
    const { code, stderr } = await bouncer(['check', folder.file('web/templates/pod.yaml')]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: \S+pod\.yaml:4:\d+: this is a template of a Helm chart; render it: helm template \S+\/web \| /,
    );
  });

  it('X08 a template outside of a chart hides no other file', async () => {
    await using folder = await folderOf({ 'a.yaml': GOOD, 'templates/x.yaml': template });
    const { code, stdout, stderr } = await bouncer(['check', folder.path]);
    assert.deepEqual([code, stdout], [2, '1 object, 1 image: 0 refused\n']);
    assert.match(stderr, /render it: helm template \/\S+ \| kube-image-bouncer check -\n$/);
  });

  it('X08 a template whose actions are in quotes has a note at the image', async () => {
    const stdin =
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: a, image: "a:{{ .Values.tag }}"}]}}}\n';
    const { stdout } = await bouncer(['check'], { stdin });
    assert.match(stdout, /\n {9}this is a template of a Helm chart; render it: helm template CHART /);
    const workflow =
      'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec: {templates: [{name: t, container: {image: "a:{{inputs.parameters.tag}}"}}]}\n';
    assert.doesNotMatch((await bouncer(['check'], { stdin: workflow })).stdout, /helm/);
  });

  it('X08 a kustomization in a folder has a note, and is an error if it is named', async () => {
    await using folder = await folderOf({ 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': GOOD });
    const { code, stdout } = await bouncer(['check', folder.path]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^note {5}\S+kustomization\.yaml:1:1\n {9}the objects of this file are made by kustomize, .*; render it: kustomize build \S+ \| /,
    );
    assert.match(stdout, /\n1 object, 1 image: 0 refused\n$/);
    const named = await bouncer(['check', folder.file('kustomization.yaml')]);
    assert.equal(named.code, 2);
    assert.match(named.stderr, /render it: kustomize build /);
  });

  it('X08 the patches of a kustomization in a folder are passed over, and its resources are judged', async () => {
    const patch = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n';
    await using folder = await folderOf({
      'o/kustomization.yaml':
        'resources: [sub/a.yaml]\npatches: [{path: patch.yaml}, {path: ./sub/p.yaml}, {path: ../other.yaml}]\n',
      'o/patch.yaml': patch,
      'o/sub/p.yaml': patch,
      'o/sub/a.yaml': GOOD,
      'o/sub/b.yaml': GOOD.replace('a:1', 'a'),
      'other.yaml': GOOD,
    });
    const { code, stdout } = await bouncer(['check', folder.path]);
    assert.equal(code, 1);
    assert.match(stdout, /\n3 objects, 3 images: 1 refused\n$/);
    const named = await bouncer(['check', folder.file('o/patch.yaml')]);
    assert.match(named.stdout, /spec\.template is not an object/);
  });

  it('X08 a folder is no patch, and a resource that is called a patch as well is judged', async () => {
    await using folder = await folderOf({
      'kustomization.yaml': 'resources: [./a.yaml]\npatches: [{path: sub}, {path: sub/}, {path: a.yaml}]\n',
      'a.yaml': GOOD,
      'sub/b.yaml': GOOD,
    });
    const { stdout } = await bouncer(['check', folder.path]);
    assert.match(stdout, /\n2 objects, 2 images: 0 refused\n$/);
  });

  it('X08 a kustomization that is no YAML is named, and the files beside it are judged', async () => {
    await using folder = await folderOf({ 'kustomization.yaml': 'patches: [', 'a.yaml': GOOD });
    const { code, stdout, stderr } = await bouncer(['check', folder.path]);
    assert.deepEqual([code, stdout], [2, '1 object, 1 image: 0 refused\n']);
    assert.match(stderr, /^error: \S+kustomization\.yaml:/);
  });

  it('X08 an object that another tool makes objects of has a note, and is not understood', async () => {
    const stdin = `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec: {values: {image: {repository: nginx, tag: latest}}}\n`;
    const { code, stdout } = await bouncer(['check'], { stdin });
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^note {5}stdin:1:1 {2}HelmRelease web\n {9}the objects of this release are made by Helm; render it: helm template NAME /,
    );
    assert.match(stdout, /, 1 not understood\n$/);
  });
});
