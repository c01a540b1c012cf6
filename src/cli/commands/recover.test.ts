import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer, folderOf } from '#test/command-line.ts';

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: me, user: {}}]
contexts: [{name: here, context: {cluster: none, user: me}}, {name: nowhere, context: {cluster: gone, user: me}}]
current-context: here
`;

const record = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: Recovery
server: https://10.0.0.1:6443
recoveredAt: 2026-11-22T03:00:00.000Z
changes:
- kind: object
  before: {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: x}}
  after: null
`;

/** The standard error of a command that could not run. */
async function failure(...args: readonly string[]): Promise<string> {
  await using folder = await folderOf({
    'kubeconfig.yaml': kubeconfig,
    'record.yaml': record,
    'other.yaml': 'a: 1',
  });
  const named = args.map((arg) => arg.replace('FOLDER', folder.path));
  const { code, stdout, stderr } = await bouncer([
    'recover',
    '--kubeconfig',
    folder.file('kubeconfig.yaml'),
    ...named,
  ]);
  assert.deepEqual([code, stdout], [2, '']);
  return stderr;
}

describe('recover could not run', () => {
  const CASES: Readonly<Record<string, readonly [args: readonly string[], message: RegExp]>> = {
    'without an API server': [[], /^error: https:\/\/127\.0\.0\.1:1: the API server does not answer/],
    'flip: --context': [['--context=nowhere'], /^error: .*has no cluster for context "nowhere"/],
    'flip: --kubeconfig': [['--kubeconfig=FOLDER/none.yaml'], /^error: .*none\.yaml cannot be read/],
    'with a goal that is none': [['--until=everything'], /argument 'everything' is invalid/],
    'flip: --undo, of a file that is not there': [
      ['--undo=FOLDER/gone'],
      /^error: --undo: .*gone cannot be read/,
    ],
    'flip: --undo, of a file that is no record': [
      ['--undo=FOLDER/other.yaml'],
      /^error: .*this is not a record/,
    ],
    'flip: --undo, of another cluster': [
      ['--undo=FOLDER/record.yaml'],
      /^error: --undo: .*record\.yaml is a recovery of https:\/\/10\.0\.0\.1:6443, but the kubeconfig selects https:\/\/127\.0\.0\.1:1 /,
    ],
    'flip: --yes, also of another cluster': [
      ['--undo=FOLDER/record.yaml', '--yes'],
      /^error: https:\/\/127\.0\.0\.1:1: the API server does not answer/,
    ],
  };
  for (const [title, [args, message]] of Object.entries(CASES))
    it(title, async () => assert.match(await failure(...args), message));
});
