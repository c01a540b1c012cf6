import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { ruleText } from '#test/bad-policies.ts';
import { bouncer, folderOf } from '#test/command-line.ts';

describe('a command line that cannot be read ends with 2 and one line', () => {
  const LINES: Readonly<Record<string, string>> = {
    chek: "error: unknown command 'chek' (commands: serve, check, explain, bootstrap, certificate, doctor, recover, policy, help)\n",
    'check --polcy p': "error: unknown option '--polcy'\n(Did you mean --policy?)\n",
    '--polcy p': "error: unknown option '--polcy'\n(Did you mean --policy?)\n",
    'policy shema': "error: unknown command 'shema'\n(Did you mean schema?)\n",
    'check --output xml':
      "error: option '-o, --output <format>' argument 'xml' is invalid. Allowed choices are table, json, ndjson, junit, sarif, github.\n",
    'check --namespace': "error: option '--namespace <name>' argument missing\n",
    explain: "error: missing required argument 'images'\n",
    'serve now': "error: too many arguments for 'serve'. Expected 0 arguments but got 1: now.\n",
  };
  for (const [line, stderr] of Object.entries(LINES)) {
    it(line, async () => assert.deepEqual(await bouncer(line.split(' ')), { code: 2, stdout: '', stderr }));
  }

  it('even if the command line contains control characters', async () => {
    const { stderr } = await bouncer(['\u001b[2J']);
    assert.match(stderr, /^error: unknown command '\\u001b\[2J'/);
  });
});

test('--version prints the version of the package', async () => {
  assert.deepEqual(await bouncer(['--version']), { code: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

describe('--help', () => {
  it('lists every command and shows examples', async () => {
    const { code, stdout } = await bouncer(['--help']);
    assert.equal(code, 0);
    for (const command of ['serve', 'check', 'explain', 'policy']) {
      assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
      assert.match(stdout, new RegExp(String.raw`^ {2}\$ .*kube-image-bouncer ${command}\b`, 'm'));
    }
    assert.match(stdout, /Without a command, `serve` runs\./);
  });

  it('of serve lists the environment variables, of check the exit codes', async () => {
    assert.match((await bouncer(['serve', '--help'])).stdout, /BOUNCER_CERTIFICATE +--cert\n/);
    assert.match(
      (await bouncer(['check', '--help'])).stdout,
      /Exit code: 0 nothing refused, 1 something refused, 2 could not run, or could not judge everything\./,
    );
  });

  it('has at most 100 columns on any terminal', async () => {
    for (const args of [
      ['--help'],
      ['serve', '--help'],
      ['check', '--help'],
      ['explain', '--help'],
      ['policy', '--help'],
    ]) {
      const { stdout } = await bouncer(args);
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 100),
        [],
        args.join(' '),
      );
    }
  });

  it('is also shown by the command help', async () => {
    assert.equal((await bouncer(['help', 'check'])).stdout, (await bouncer(['check', '--help'])).stdout);
  });
});

describe('the environment', () => {
  it('flip: BOUNCER_POLICY, BOUNCER_LANGUAGE and BOUNCER_ALLOWED_REGISTRIES apply to check and explain', async () => {
    await using folder = await folderOf({
      'p.yaml': ruleText('requireFullyQualified: {}', 'message: plain', 'messages: {zh: 中文}'),
    });
    const env = { BOUNCER_POLICY: folder.file('p.yaml'), BOUNCER_LANGUAGE: 'zh' };
    assert.match((await bouncer(['explain', 'nginx:1'], { env })).stdout, /拒绝：中文——nginx:1/);
    assert.match(
      (await bouncer(['explain', 'nginx:1', '--language', 'en'], { env })).stdout,
      /refused: plain: nginx:1/,
    );
    for (const variable of ['BOUNCER_ALLOWED_REGISTRIES', 'BOUNCER_REGISTRY_WHITELIST']) {
      const { stdout } = await bouncer(['explain', 'nginx:1'], { env: { [variable]: 'ghcr.io' } });
      assert.match(stdout, /refused: Images from this registry are not allowed/);
    }
  });

  it('flip: BOUNCER_MESSAGES applies to check and explain', async () => {
    await using folder = await folderOf({
      'de.yaml': "language: de\nmessages: {explain.admitted: zugelassen, check.objects: '{count} Objekte'}\n",
    });
    const env = { BOUNCER_MESSAGES: folder.file('de.yaml') };
    const { stdout, stderr } = await bouncer(['explain', 'nginx:1'], { env });
    assert.match(stdout, /zugelassen/);
    assert.match(stderr, /^note: --messages \S+de\.yaml: \d+ messages are missing; they are shown in en\n$/);
    assert.match((await bouncer(['check'], { env, stdin: '' })).stdout, /^0 Objekte, /);
    assert.match((await bouncer(['explain', 'nginx:1', '--language=en'], { env })).stdout, /admitted/);
  });

  it('of the test process is not read', async () => {
    process.env['BOUNCER_LANGUAGE'] = 'zh';
    const { stdout } = await bouncer(['explain', 'nginx']);
    delete process.env['BOUNCER_LANGUAGE'];
    assert.match(stdout, /refused: Images using latest tag/);
  });
});

test('an unexpected error is printed with its stack trace, and the exit code is 2', async () => {
  const stdin = {
    [Symbol.iterator]: () => ({
      next: (): IteratorResult<Uint8Array> => {
        throw new TypeError('the wire is cut');
      },
    }),
  };
  const { code, stderr } = await bouncer(['check'], { stdin });
  assert.equal(code, 2);
  assert.match(stderr, /^error: unexpected failure, please report it: TypeError: the wire is cut\n {4}at /);
});
