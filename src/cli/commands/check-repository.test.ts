import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bouncer, folderOf, type Folder } from '#test/command-line.ts';
import { ruleText } from '#test/bad-policies.ts';
import { OPTIONS_FILE } from '../../check/options-file.ts';

function podOf(image: string, name = 'web'): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n  - name: web\n    image: ${image}\n`;
}

interface CheckJson {
  readonly objects: readonly { readonly file: string; readonly namespace: string | null }[];
  readonly refused: number;
  readonly accepted?: number;
  readonly gone?: readonly unknown[];
}

async function checkJson(...args: readonly string[]): Promise<CheckJson> {
  const { stdout } = await bouncer(['check', '--output', 'json', ...args]);
  return JSON.parse(stdout) as CheckJson;
}

/** The files of the objects, from the folder. */
async function filesOf(folder: Folder, ...args: readonly string[]): Promise<readonly string[]> {
  const { objects } = await checkJson(...args);
  return objects.map(({ file }) => file.slice(file.indexOf(folder.path) + folder.path.length + 1));
}

describe('check --exclude', () => {
  it('flip: leaves files and folders out, also those of the command line', async () => {
    await using folder = await folderOf({
      'a.yaml': podOf('nginx'),
      'charts/web/templates/pod.yaml': podOf('nginx'),
      'charts/web/pod.yaml': podOf('nginx'),
      'vendor/deep/pod.json': '{}',
      'vendor/pod.yaml': podOf('nginx'),
      [OPTIONS_FILE]: 'failOn: [deny]\n',
    });
    const all = ['a.yaml', 'charts/web/pod.yaml', 'charts/web/templates/pod.yaml', 'vendor/pod.yaml'];
    const config = ['--config', folder.file(OPTIONS_FILE)];
    assert.deepEqual(await filesOf(folder, folder.path), all);
    assert.deepEqual(
      await filesOf(folder, folder.path, ...config, '--exclude', 'charts/*/templates', '--exclude', 'vendor'),
      ['a.yaml', 'charts/web/pod.yaml'],
    );
    assert.deepEqual(await filesOf(folder, folder.path, ...config, '--exclude', '**/pod.yaml'), ['a.yaml']);
    const named = [folder.file('vendor/pod.yaml'), folder.file('a.yaml')];
    assert.deepEqual(await filesOf(folder, ...named, ...config, '--exclude', 'vendor/**'), ['a.yaml']);
    assert.deepEqual(await filesOf(folder, ...named, ...config, '--exclude', 'vendor'), ['a.yaml']);
    const { code, stderr } = await bouncer(['check', ...named, '--exclude', '*.yaml']);
    assert.deepEqual([code, stderr], [0, ''], 'a hook may get excluded files only');
  });
});

describe('check --baseline', () => {
  it('flip: accepts the results that --write-baseline wrote, and fails on new ones', async () => {
    await using folder = await folderOf({ 'm/a.yaml': podOf('nginx'), 'm/b.yaml': podOf('nginx:1.27') });
    const [manifests, file] = [folder.file('m'), folder.file('accepted.json')];
    const check = (...args: readonly string[]) => bouncer(['check', manifests, ...args]);
    assert.equal((await check()).code, 1);
    const written = await check('--write-baseline', file);
    assert.deepEqual(
      [written.code, written.stdout, written.stderr],
      [0, '2 objects, 2 images: 0 refused, 1 accepted by the baseline\n', ''],
    );
    assert.equal((await check('--baseline', file)).code, 0);
    await writeFile(folder.file('m/a.yaml'), `# a line more\n${podOf('nginx')}`);
    assert.equal((await check('--baseline', file)).code, 0, 'another line');
    await writeFile(folder.file('m/a.yaml'), podOf('busybox'));
    const changed = await check('--baseline', file);
    assert.equal(changed.code, 1, 'another image at the same place');
    assert.match(changed.stdout, /busybox at .*\n.* 1 refused\n$/);
    assert.match(
      changed.stderr,
      /^note: .*a\.yaml: a result of the baseline no longer occurs: Pod web, container web, image nginx, rule no-latest\n$/,
    );
  });

  it('names the file by its path from the options file, wherever the command runs', async () => {
    await using folder = await folderOf({ 'm/a.yaml': podOf('nginx'), [OPTIONS_FILE]: 'paths: [m]\n' });
    const file = folder.file('accepted.json');
    const config = ['--config', folder.file(OPTIONS_FILE)];
    assert.equal((await bouncer(['check', ...config, '--write-baseline', file])).code, 0);
    const { accepted } = JSON.parse(await readFile(file, 'utf8')) as { accepted: readonly unknown[] };
    assert.deepEqual(accepted, [
      { file: 'm/a.yaml', object: 'Pod web', container: 'web', rule: 'no-latest', image: 'nginx' },
    ]);
  });

  it('what was not checked is not gone, and what was deleted is', async () => {
    await using folder = await folderOf({
      'm/a.yaml': podOf('nginx'),
      'm/b.yaml': podOf('nginx'),
      'accepted.json': '',
    });
    const [manifests, file] = [folder.file('m'), folder.file('accepted.json')];
    await bouncer(['check', manifests, '--write-baseline', file]);
    await writeFile(folder.file('m/b.yaml'), '# empty\n');
    const one = await checkJson(folder.file('m/a.yaml'), '--baseline', file);
    assert.deepEqual([one.refused, one.accepted, one.gone?.length], [0, 1, 0]);
    const all = await checkJson(manifests, '--baseline', file);
    assert.deepEqual([all.refused, all.accepted, all.gone?.length], [0, 1, 1]);
    assert.equal((await checkJson(manifests)).gone, undefined);
  });

  it('accepts no file that cannot be read, and no two baselines', async () => {
    await using folder = await folderOf({ 'm/a.yaml': 'a: [\n', 'accepted.json': '' });
    const [manifests, file] = [folder.file('m'), folder.file('accepted.json')];
    assert.equal((await bouncer(['check', manifests, '--write-baseline', file])).code, 2);
    assert.equal((await bouncer(['check', manifests, '--baseline', file])).code, 2);
    const both = await bouncer(['check', manifests, '--baseline', file, '--write-baseline', file]);
    assert.match(both.stderr, /^error: --baseline and --write-baseline contradict each other/);
    const nowhere = await bouncer(['check', '--write-baseline', folder.file('no/where.json')]);
    assert.match(nowhere.stderr, /where\.json: it cannot be written: ENOENT/);
    const broken = await bouncer(['check', manifests, '--baseline', folder.file('m/a.yaml')]);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /m\/a\.yaml:2:1: /);
  });
});

describe('check with the options of a repository', () => {
  const POLICY = ruleText('requiredDigest: {}', 'validationActions: [Warn]');

  it('flip: each option of the file has the effect of its flag', async () => {
    await using folder = await folderOf({
      'policies/p.yaml': POLICY,
      'm/a.yaml': podOf('nginx:1.27'),
      'm/b.json': '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}}',
      'accepted.json': '',
      'de.yaml': 'language: de\nmessages: {check.warned: gewarnt}\n',
    });
    const run = async (options: string, ...args: readonly string[]) => {
      await writeFile(folder.file(OPTIONS_FILE), options);
      return bouncer(['check', '--config', folder.file(OPTIONS_FILE), ...args]);
    };
    const base = 'paths: [m]\npolicy: policies/p.yaml\n';
    const plain = await run(base);
    assert.deepEqual([plain.code, plain.stderr], [0, '']);
    assert.match(plain.stdout, /^warned .*\/m\/a\.yaml:7:5 {2}Pod web\n.*\n2 objects, 1 image: 0 refused\n$/);
    assert.equal((await run(`${base}failOn: [warn]\n`)).code, 1);
    assert.match((await run(`${base}exclude: ["*.json"]\n`)).stdout, /\n1 object, 1 image/);
    assert.match((await run(`${base}output: json\nnamespace: prod\n`)).stdout, /"namespace": "prod"/);
    assert.match((await run(`${base}messages: de.yaml\n`)).stdout, /^gewarnt /);
    assert.match((await run(`${base}language: zh\n`)).stdout, /^警告 /);
    assert.equal((await run('paths: [m]\nallowedRegistries: [ghcr.io, quay.io]\n')).code, 1);
    await run(base, '--write-baseline', folder.file('accepted.json'));
    assert.match((await run(`${base}baseline: accepted.json\n`)).stdout, /^2 objects.*, 1 accepted/);
    assert.equal((await run(`${base}baseline: absent.json\n`)).code, 2);
    assert.equal(
      (await run(`${base}baseline: absent.json\n`, '--write-baseline', folder.file('x.json'))).code,
      0,
    );
  });

  it('flags and variables win', async () => {
    await using folder = await folderOf({
      'p.yaml': POLICY,
      'm/a.yaml': podOf('nginx:1.27'),
      'n/b.yaml': podOf('nginx:1.28'),
      [OPTIONS_FILE]:
        'paths: [m]\npolicy: absent.yaml\noutput: sarif\nfailOn: [warn]\nexclude: ["*"]\nnamespace: x\n',
    });
    const config = ['--config', folder.file(OPTIONS_FILE)];
    const args = [...config, '--output', 'table', '--exclude', 'none', folder.file('n')];
    const flags = await bouncer(['check', ...args, '--policy', folder.file('p.yaml')]);
    assert.match(flags.stdout, /^warned .*\/n\/b\.yaml:7:5 /);
    assert.equal(flags.code, 1, 'failOn of the file stays');
    const variable = await bouncer(['check', ...args], { env: { BOUNCER_POLICY: folder.file('p.yaml') } });
    assert.match(variable.stdout, /^warned /);
    const registries = await bouncer(['check', ...args, '--allowed-registries', 'ghcr.io']);
    assert.match(registries.stdout, /^refused .*\n.*Images from this registry/);
  });

  it('flip: --no-config uses none, and a broken file is named', async () => {
    await using folder = await folderOf({ [OPTIONS_FILE]: 'polcy: x\n', 'a.yaml': podOf('nginx:1.27') });
    const broken = await bouncer(['check', '--config', folder.file(OPTIONS_FILE), folder.file('a.yaml')]);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /^error: .*\.kube-image-bouncer\.yaml:1:1: polcy: it is not a known key/);
    assert.equal((await bouncer(['check', '--no-config', folder.file('a.yaml')])).code, 0);
  });

  it("are not looked for where Node's permission model forbids it", async () => {
    await using folder = await folderOf({ 'a.yaml': podOf('nginx:1.27') });
    const main = fileURLToPath(new URL('../main.ts', import.meta.url));
    const flags = ['--permission', '--allow-worker', `--allow-fs-read=${join(main, '../../../*')}`];
    const args = [...flags, `--allow-fs-read=${folder.path}/*`, main, 'check', folder.file('a.yaml')];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: '/' });
    assert.equal(stdout, '1 object, 1 image: 0 refused\n');
  });
});
