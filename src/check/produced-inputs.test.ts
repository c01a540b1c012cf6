import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer, folderOf } from '#test/command-line.ts';

/** `line object` of each refusal, and the exit code. */
async function refusals(stdin: string): Promise<readonly (string | number)[]> {
  const { code, stdout, stderr } = await bouncer(['check', '--namespace', 'team-a'], { stdin });
  const lines = [...stdout.matchAll(/^refused {2}stdin:(\d+):\d+ {2}(.*)$/gm)];
  return [...lines.map(([, line, object]) => `${line} ${object}`), stderr, code];
}

const HELM_TEMPLATE = `---
# Source: web/templates/serviceaccount.yaml
---
# Source: web/templates/nothing.yaml
null
---
# Source: web/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: release-name-web
spec:
  template:
    spec:
      containers:
        - name: web
          image: "nginx:latest"
---

---
# Source: web/templates/tests/test-connection.yaml
apiVersion: v1
kind: Pod
metadata:
  name: "release-name-web-test"
  annotations:
    "helm.sh/hook": test
spec:
  containers:
    - name: wget
      image: busybox
`;

const KYAML = `---
{
  kind: "List",
  apiVersion: "v1",
  metadata: {},
  items: [{
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "web",
      creationTimestamp: null,
    },
    spec: {
      template: {
        spec: {
          containers: [{
            name: "nginx",
            image: "nginx",
            resources: {},
          }, {
            name: "redis",
            image: "redis:7",
          }],
        },
      },
    },
    status: {},
  }],
}
`;

/** A typed list of the API server: its items have no type. */
function typedList(kind: string, apiVersion: string, ...items: readonly object[]): string {
  return JSON.stringify(
    { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: '7' }, items },
    null,
    1,
  );
}

const POD_SPEC = { containers: [{ name: 'a', image: 'nginx' }] };

describe('XI5 inputs as helm and kubectl print them', () => {
  it('XI5 helm template: documents of comments and null are nothing, hooks and test pods are judged', async () => {
    assert.deepEqual(await refusals(HELM_TEMPLATE), [
      '17 Deployment release-name-web',
      '31 Pod release-name-web-test',
      '',
      1,
    ]);
  });

  it('XI5 helm template does not print crds/; check reads them in the folder of the chart', async () => {
    const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: ${JSON.stringify(POD_SPEC)}\n`;
    await using folder = await folderOf({
      'c/Chart.yaml': 'name: c\n',
      'c/crds/p.yaml': pod,
      'c/templates/x.yaml': '{{',
    });
    const { code, stdout, stderr } = await bouncer(['check', folder.path]);
    assert.deepEqual([code, stderr], [1, '']);
    assert.match(stdout, /crds\/p\.yaml:4:\d+ {2}Pod p\n/);
  });

  it('XI5 kubectl get --output kyaml', async () => {
    assert.deepEqual(await refusals(KYAML), ['18 Deployment web', '', 1]);
  });

  it('XI5 kubectl get --output yaml: a List with its status and fields of the API server', async () => {
    const text =
      'apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    annotations:\n      kubectl.kubernetes.io/last-applied-configuration: |\n        {"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"nginx"}]}}\n    creationTimestamp: "2026-01-02T03:04:05Z"\n    name: web\n    uid: 6b1f7a52-0000-4000-8000-000000000000\n  spec:\n    containers:\n    - image: nginx\n      name: web\n  status:\n    containerStatuses:\n    - image: docker.io/library/nginx:latest\nkind: List\nmetadata:\n  resourceVersion: ""\n';
    assert.deepEqual(await refusals(text), ['14 Pod web', '', 1]);
  });

  for (const [kind, apiVersion, spec] of [
    ['Pod', 'v1', POD_SPEC],
    ['Deployment', 'apps/v1', { template: { spec: POD_SPEC } }],
    ['CronJob', 'batch/v1', { jobTemplate: { spec: { template: { spec: POD_SPEC } } } }],
    ['Rollout', 'argoproj.io/v1alpha1', { template: { spec: POD_SPEC } }],
  ] as const) {
    it(`XI5 a ${kind}List whose items have no type, also in a List and with another list behind it`, async () => {
      const list = typedList(
        kind,
        apiVersion,
        { metadata: { name: 'one' }, spec },
        { metadata: { name: 'two' }, spec },
      );
      const objects = async (stdin: string) =>
        (await refusals(stdin)).map((line) => String(line).replace(/^\d+ /, ''));
      const expected = [`${kind} one`, `${kind} two`];
      assert.deepEqual(await objects(list), [...expected, '', '1']);
      assert.deepEqual(await objects(`{"kind":"List","apiVersion":"v1","items":[${list}]}`), [
        ...expected,
        '',
        '1',
      ]);
      assert.deepEqual(await objects(`${list}\n${list}`), [...expected, ...expected, '', '1']);
    });
  }

  it('XI5 an item with half a type, or of a List without types, is named and hides no other item', async () => {
    const good = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: POD_SPEC };
    for (const half of [{ kind: 'Pod' }, { apiVersion: 'v1' }]) {
      const [first, stderr, code] = await refusals(typedList('Pod', 'v1', { ...half, spec: POD_SPEC }, good));
      assert.match(String(first), /^\d+ Pod x$/);
      assert.match(String(stderr), /this is not a Kubernetes object/);
      assert.equal(code, 2);
    }
    const [stderr, code] = await refusals('{"kind":"List","apiVersion":"v1","items":[{"metadata":{}}]}');
    assert.match(String(stderr), /this is not a Kubernetes object/);
    assert.equal(code, 2);
  });
});

const KUSTOMIZATION = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [base.yaml]
images:
- name: registry.example.com/team/app
  newTag: latest
`;

/**
 * `kubectl kustomize` of kubectl 1.37.1 (kustomize 5.8.1) printed this. `images:` had a `newTag` for registry.example.com/app and
 * a new name for nginx. The first image had a digest, which `newTag` drops. The second and the fourth were not rewritten.
 */
const KUSTOMIZE_BUILD = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  selector:
    matchLabels:
      app: app
  template:
    metadata:
      labels:
        app: app
    spec:
      containers:
      - image: registry.example.com/app:2
        name: pinned
      - image: docker.io/library/nginx:1
        name: longer
      - image: registry.example.com/nginx:3
        name: short
      ephemeralContainers:
      - image: registry.example.com/app:latest
        name: debug
      volumes:
      - image:
          reference: registry.example.com/app:2
        name: data
`;

describe('XI1 kustomize', () => {
  it('XI1 the images of a kustomization are no images of an object, and the file names the command', async () => {
    const { code, stderr, stdout } = await bouncer(['check'], { stdin: KUSTOMIZATION });
    assert.equal(code, 2);
    assert.equal(stdout, '0 objects, 0 images: 0 refused\n');
    assert.match(stderr, /render it: kustomize build FOLDER \| kube-image-bouncer check -\n$/);
  });

  it('XI1 what kustomize build leaves or drops is judged as it is printed', async () => {
    await using folder = await folderOf({
      'policy.yaml': `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: pinned}
spec:
  unmatchedImages: Allow
  rules:
  - {name: pinned, requiredDigest: {}}
`,
    });
    const containersOf = async (...options: readonly string[]) => {
      const { code, stdout } = await bouncer(['check', ...options], { stdin: KUSTOMIZE_BUILD });
      return [code, ...Array.from(stdout.matchAll(/\((?:container|volume) "(\w+)"\)/g), ([, name]) => name)];
    };
    assert.deepEqual(await containersOf('--allowed-registries', 'registry.example.com'), [
      1,
      'longer',
      'debug',
    ]);
    assert.deepEqual(await containersOf('--policy', folder.file('policy.yaml')), [
      1,
      'pinned',
      'longer',
      'short',
      'debug',
      'data',
    ]);
  });
});
