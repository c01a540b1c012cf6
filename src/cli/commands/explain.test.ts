import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policyText, ruleText } from '#test/bad-policies.ts';
import { bouncer, folderOf } from '#test/command-line.ts';
import { DIGEST } from '#test/rule-cases.ts';

/** The lines that `explain --output json` prints. */
async function explainJson(...args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await bouncer(['explain', '--output', 'json', ...args]);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.trimEnd().split('\n');
}

describe('explain --output json', () => {
  const LINES: Readonly<Record<string, string>> = {
    nginx:
      '{"input":"nginx","canonical":"docker.io/library/nginx:latest","registry":"docker.io","repository":"library/nginx","tag":"latest","digest":null,"verdict":"refused"}',
    'nginx:1.27':
      '{"input":"nginx:1.27","canonical":"docker.io/library/nginx:1.27","registry":"docker.io","repository":"library/nginx","tag":"1.27","digest":null,"verdict":"admitted"}',
    [`ghcr.io/acme/app:latest@${DIGEST}`]: `{"input":"ghcr.io/acme/app:latest@${DIGEST}","canonical":"ghcr.io/acme/app:latest@${DIGEST}","registry":"ghcr.io","repository":"acme/app","tag":null,"digest":"${DIGEST}","verdict":"admitted"}`,
    'localhost:5000/app':
      '{"input":"localhost:5000/app","canonical":"localhost:5000/app:latest","registry":"localhost:5000","repository":"app","tag":"latest","digest":null,"verdict":"refused"}',
  };
  for (const [input, line] of Object.entries(LINES)) {
    it(`${input.slice(0, 30)} is one line with exactly these keys`, async () =>
      assert.deepEqual(await explainJson(input), [line]));
  }

  it('a text that is not an image has an error with a code and a message, and nothing else', async () => {
    const inputs = ['Nginx', 'nginx@sha256:1', 'nginx@md5:1', 'Foo/bar', '', '检查'];
    const lines = await explainJson(...inputs);
    assert.deepEqual(
      lines.map((line) => {
        const { input, error, ...rest } = JSON.parse(line) as {
          input: string;
          error: Record<string, string>;
        };
        assert.deepEqual([Object.keys(rest), Object.keys(error)], [[], ['code', 'message']]);
        assert.match(error['message'] ?? '', /^[\x20-\x7e]+; [\x20-\x7e]+$/);
        return [input, error['code']];
      }),
      [
        ['Nginx', 'INVALID_REFERENCE'],
        ['nginx@sha256:1', 'INVALID_REFERENCE'],
        ['nginx@md5:1', 'UNSUPPORTED_DIGEST'],
        ['Foo/bar', 'AMBIGUOUS_REFERENCE'],
        ['', 'INVALID_REFERENCE'],
        ['检查', 'INVALID_REFERENCE'],
      ],
    );
  });

  it('prints one line for each image, in the order of the arguments', async () => {
    const lines = await explainJson('b:1', 'A', 'a:1', 'b:1');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { input: string }).input),
      ['b:1', 'A', 'a:1', 'b:1'],
    );
  });

  it('one hostile input is one line', async () => {
    assert.equal((await explainJson('a\nb\u2028c\u001b')).length, 1);
  });
});

describe('explain', () => {
  it('prints the parts of a reference and the result of each rule', async () => {
    await using folder = await folderOf({
      'policy.yaml': policyText(
        [
          '  - {name: no-latest, disallowedTags: {tags: [latest]}}',
          '  - {name: ghcr, match: {images: [ghcr.io/**]}, requiredDigest: {}}',
          '  - {name: pinned, match: {namespaces: [prod]}, requiredDigest: {}, validationActions: [Warn, Audit]}',
        ].join('\n'),
      ),
    });
    const { stdout } = await bouncer(['explain', 'nginx:1.27', '--policy', folder.file('policy.yaml')]);
    assert.deepEqual(stdout.split('\n'), [
      'nginx:1.27',
      '  canonical    docker.io/library/nginx:1.27',
      '  registry     docker.io',
      '  repository   library/nginx',
      '  tag          1.27',
      '  digest       none',
      '  rule         no-latest: no objection',
      '  rule         ghcr: does not apply to this image',
      '  rule         pinned: objects (Warn, Audit): the image is not pinned by a digest, where its match and exclude select the image',
      '  verdict      admitted',
      '',
    ]);
  });

  it('explains a missing tag, and a tag in addition to a digest', async () => {
    assert.match((await bouncer(['explain', 'nginx'])).stdout, /\n {2}tag {10}latest \(no tag was given\)\n/);
    const beside = await bouncer(['explain', `nginx:1@${DIGEST}`]);
    assert.match(beside.stdout, /\n {2}tag {10}1, which is ignored because of the digest\n/);
    const alone = await bouncer(['explain', `nginx@${DIGEST}`]);
    assert.match(alone.stdout, /\n {2}tag {10}none, the digest is pulled\n/);
  });

  it('explains why a text is not an image, without control characters', async () => {
    const { code, stdout } = await bouncer(['explain', 'a\u001b[31m\nb']);
    assert.equal(code, 0);
    assert.match(stdout, /^a\\u001b\[31m\\u000ab\n {2}refused {6}INVALID_REFERENCE: /);
  });

  it('prints the verdict for an image that no rule allows, and a rule that allows one', async () => {
    await using folder = await folderOf({
      'policy.yaml': ruleText('match: {images: [ghcr.io/**]}', 'requiredDigest: {}').replace(
        'unmatchedImages: Allow',
        'unmatchedImages: Deny',
      ),
    });
    const explain = (image: string) => bouncer(['explain', image, '--policy', folder.file('policy.yaml')]);
    const allowed = await explain(`ghcr.io/a/b@${DIGEST}`);
    assert.match(
      allowed.stdout,
      /\n {2}rule {9}a: no objection, and the rule allows this image\n {2}verdict {6}admitted\n/,
    );
    const { stdout } = await explain('nginx:1');
    assert.match(
      stdout,
      /\n {2}verdict {6}refused: nginx:1: no rule of the policy allows this image \[UNMATCHED_IMAGE\]/,
    );
  });

  it('flip: --language and --allowed-registries apply to explain', async () => {
    const { stdout } = await bouncer([
      'explain',
      'nginx:1',
      '--allowed-registries',
      'ghcr.io',
      '--language',
      'zh',
    ]);
    assert.match(stdout, /拒绝：检查镜像失败!不允许使用该镜像仓库!/);
  });
});
