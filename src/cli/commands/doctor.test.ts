import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer, folderOf, type Folder, type Outcome } from '#test/command-line.ts';
import { finding } from '../../diagnosis/finding.ts';
import { renderYaml } from '../../document/render.ts';
import { renderReport } from './doctor-report.ts';

const POLICY = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: p}
spec: {unmatchedImages: Allow, rules: [{name: r, disallowedTags: {tags: [latest]}}]}
`;

/** The manifest of an API server with the plugin and a volume for the folder of the gate. */
function manifest(folder: string): string {
  return renderYaml({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kube-apiserver' },
    spec: {
      containers: [
        {
          name: 'kube-apiserver',
          image: 'registry.k8s.io/kube-apiserver:v1.24.14',
          command: [
            'kube-apiserver',
            '--enable-admission-plugins=ImagePolicyWebhook',
            '--admission-control-config-file=/etc/kubernetes/kube-image-bouncer/admission-configuration.yaml',
          ],
          volumeMounts: [{ name: 'gate', mountPath: '/etc/kubernetes/kube-image-bouncer' }],
        },
      ],
      volumes: [{ name: 'gate', hostPath: { path: folder } }],
    },
  });
}

const KUBECONFIG = renderYaml({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'g', cluster: { server: 'http://127.0.0.1:1/image_policy' } }],
  users: [{ name: 'u', user: {} }],
  contexts: [{ name: 'g', context: { cluster: 'g', user: 'u' } }],
  'current-context': 'g',
});

const ADMISSION = renderYaml({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AdmissionConfiguration',
  plugins: [
    {
      name: 'ImagePolicyWebhook',
      configuration: {
        imagePolicy: {
          kubeConfigFile: '/etc/kubernetes/kube-image-bouncer/kubeconfig.yaml',
          allowTTL: 50,
          denyTTL: 50,
          retryBackoff: 500,
          defaultAllow: false,
        },
      },
    },
  ],
});

async function nodeFiles(): Promise<Folder> {
  return folderOf({
    'kube-apiserver.yaml': manifest('/etc/kubernetes/kube-image-bouncer'),
    'gate/admission-configuration.yaml': ADMISSION,
    'gate/kubeconfig.yaml': KUBECONFIG,
    'gate/policy.yaml': POLICY,
    'other.yaml': POLICY.replace('latest', 'edge'),
  });
}

async function codesOf(args: readonly string[]): Promise<{ code: number; codes: readonly string[] }> {
  const { code, stdout, stderr } = await bouncer(['doctor', '--output=json', ...args]);
  assert.equal(stderr, '');
  const { findings, enforcing } = JSON.parse(stdout) as {
    findings: { code: string }[];
    enforcing: boolean | null;
  };
  assert.equal(enforcing, null, 'without a cluster there is no trial');
  return { code, codes: findings.map((one) => one.code) };
}

describe('doctor, on files', () => {
  it('--manifest and --folder name other places of the files', async () => {
    await using files = await nodeFiles();
    const args = [`--manifest=${files.file('kube-apiserver.yaml')}`, `--folder=${files.file('gate')}`];
    const { code, codes } = await codesOf(args);
    assert.equal(code, 1);
    assert.deepEqual(codes, [
      'GATE_NOT_HTTPS',
      'IMAGE_VOLUMES_UNSEEN',
      'JOB_PODS_KEPT',
      'EPHEMERAL_CONTAINERS_UNSEEN',
    ]);
    const elsewhere = await codesOf([args[0] ?? '', `--folder=${files.file('nowhere')}`]);
    assert.deepEqual(elsewhere.codes, ['ADMISSION_CONFIGURATION_MISSING']);
    const without = await codesOf([`--manifest=${files.file('none.yaml')}`, args[1] ?? '']);
    assert.deepEqual(without.codes, ['MANIFEST_UNREADABLE']);
  });

  it('--node-files reads the files at the paths of kubeadm', async () => {
    const { stdout } = await bouncer(['doctor', '--node-files']);
    assert.match(stdout, /^fault {4}\/etc\/kubernetes\/manifests\/kube-apiserver\.yaml\n/m);
  });

  it('--kubernetes-version replaces the version of the image', async () => {
    await using files = await nodeFiles();
    const args = [`--manifest=${files.file('kube-apiserver.yaml')}`, `--folder=${files.file('gate')}`];
    const { codes } = await codesOf([...args, '--kubernetes-version=1.24.15']);
    assert.ok(!codes.includes('EPHEMERAL_CONTAINERS_UNSEEN'));
  });

  it('--policy is compared with the policy of the node', async () => {
    await using files = await nodeFiles();
    const args = [`--manifest=${files.file('kube-apiserver.yaml')}`, `--folder=${files.file('gate')}`];
    const same = await codesOf([...args, `--policy=${files.file('gate/policy.yaml')}`]);
    assert.ok(!same.codes.includes('POLICY_DIFFERS'));
    const other = await codesOf([...args, `--policy=${files.file('other.yaml')}`]);
    assert.ok(other.codes.includes('POLICY_DIFFERS'));
  });

  it('a finding is printed with its reason and its remedy', async () => {
    await using files = await nodeFiles();
    const args = [`--manifest=${files.file('kube-apiserver.yaml')}`, `--folder=${files.file('gate')}`];
    const { stdout } = await bouncer(['doctor', ...args]);
    const [first = '', ...rest] = stdout.split('\n\n');
    const lines = [
      /^fault {4}\/etc\/kubernetes\/kube-image-bouncer\/kubeconfig\.yaml:\d+:\d+$/,
      /^ {9}its server is http:\/\/127\.0\.0\.1:1\/image_policy \[GATE_NOT_HTTPS\]$/,
      /^ {9}An attacker on the network /,
      /^ {9}→ kube-image-bouncer bootstrap image-policy --apply$/,
    ];
    first.split('\n').forEach((line, index) => assert.match(line, lines[index] ?? /^never$/));
    assert.match(rest.at(-1) ?? '', /kube-apiserver\.yaml: faulty \(1 fault, 0 warnings, 3 notes\)\n$/);
  });
});

it('text from objects does not control the terminal', () => {
  const text = renderReport(
    {
      subjects: ['a'],
      enforcing: true,
      proofs: ['p\u001b[2J'],
      findings: [finding('MATCH_CONDITION', 's', 'x\u001b]0;t\u0007\u202e\u0085y\nfault    forged')],
    },
    'table',
  );
  assert.match(text, /^ {9}x\\u001b\]0;t\\u0007\\u202e\\u0085y\\u000afault {4}forged \[MATCH_CONDITION\]$/m);
  assert.match(text, /^ {2}p\\u001b\[2J$/m);
});

describe('doctor cannot run', () => {
  it('without the context that --context names', async () => {
    await using files = await folderOf({ 'config.yaml': KUBECONFIG });
    const args = ['doctor', `--kubeconfig=${files.file('config.yaml')}`];
    const other = await bouncer([...args, '--context=other']);
    assert.deepEqual([other.code, other.stdout], [2, '']);
    assert.match(other.stderr, /^error: .*"other"/);
    // Nothing listens at the address of this context.
    assert.match((await bouncer([...args, '--context=g'])).stderr, /127\.0\.0\.1:1/);
  });

  const CASES: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [['--kubeconfig=/nowhere'], /^error: \/nowhere cannot be read: /],
    [['--policy=/nowhere', '--node-files'], /^error: \/nowhere/],
    [['--kubernetes-version=1.30'], /--kubernetes-version needs --node-files/],
    [['--node-files', '--kubernetes-version=new'], /"new" is not a version/],
    [['--node-files', '--good-image=a'], /^error: --good-image is for a cluster/],
    [['--node-files', '--namespace=a'], /^error: --namespace is for a cluster/],
    [['--output=xml'], /Allowed choices are table, json/],
  ];
  for (const [args, said] of CASES) {
    it(args.join(' '), async () => {
      const outcome: Outcome = await bouncer(['doctor', ...args]);
      assert.deepEqual([outcome.code, outcome.stdout], [2, '']);
      assert.match(outcome.stderr, said);
    });
  }
});
