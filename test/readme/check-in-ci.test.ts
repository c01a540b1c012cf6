import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { folderOf, type Folder } from '#test/command-line.ts';
import { junitProblems, readWorkflowCommands, sarifProblems, type SarifLog } from '#test/report-readers.ts';
import { parseDocuments } from '../../src/document/yaml.ts';
import { root } from '../serve/gate-process.ts';
import { blocksOf } from './blocks.ts';

const PAGE = 'docs/check.md';
const yaml = blocksOf(PAGE).filter(({ language }) => language === 'yaml');

/** The YAML example that has this key. */
function exampleWith(key: string): { readonly text: string; readonly value: Record<string, unknown> } {
  for (const { text } of yaml) {
    const value = parseDocuments(text, PAGE)[0]?.value as Record<string, unknown>;
    if (Object.hasOwn(value, key)) return { text, value };
  }
  throw new Error(`${PAGE} has no example with the key ${key}`);
}

/** A git repository with the options of the page, a good and a bad manifest, and the program in its PATH. */
async function repository(): Promise<Folder> {
  const folder = await folderOf({
    '.kube-image-bouncer.yaml': exampleWith('policy').text,
    'bin/kube-image-bouncer': `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'bin/kube-image-bouncer.js')}" "$@"\n`,
    'accepted-images.json': '{"version": 1, "accepted": []}\n',
    'clusters/prod/none.yaml': '# nothing yet\n',
    'charts/a/templates/x.yaml': 'a: [\n',
  });
  await chmod(folder.file('bin/kube-image-bouncer'), 0o755);
  await cp(join(root, 'examples/policies'), folder.file('policies'), { recursive: true });
  await copyFile(join(root, 'examples/policies/minimal.yaml'), folder.file('policies/images.yaml'));
  await cp(join(root, 'examples/objects'), folder.file('deploy'), { recursive: true });
  await shell(folder, 'git init --quiet && git config user.email a@example.com && git config user.name a');
  return folder;
}

interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line as a CI job does. */
async function shell(folder: Folder, line: string): Promise<ShellResult> {
  const env = { ...process.env, PATH: `${folder.file('bin')}:${process.env['PATH']}` };
  try {
    const running = promisify(execFile)('bash', ['-ec', line], { cwd: folder.path, env, timeout: 20_000 });
    running.child.stdin?.end();
    const { stdout, stderr } = await running;
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as ShellResult;
  }
}

describe(`the examples of ${PAGE}`, { skip: process.platform === 'win32' }, () => {
  it('a git hook stops a commit with a bad image, and lets a good one pass', async () => {
    await using folder = await repository();
    const { text = '' } = blocksOf(PAGE).findLast(({ language }) => language === 'sh') ?? {};
    await writeFile(folder.file('.git/hooks/pre-commit'), `#!/bin/sh\n${text}`, { mode: 0o755 });
    const commit = 'git add deploy && git commit --quiet --message change';
    const stopped = await shell(folder, commit);
    assert.equal(stopped.code, 1, stopped.stderr);
    assert.match(stopped.stderr + stopped.stdout, /refused {2}deploy\/bad\/pod\.yaml:\d+:\d+ /);
    await shell(folder, 'rm -r deploy/bad');
    const passed = await shell(folder, commit);
    assert.equal(passed.code, 0, passed.stderr + passed.stdout);
  });

  it('the hook of pre-commit gets the names of changed files', async () => {
    await using folder = await repository();
    const { value } = exampleWith('repos');
    const [{ hooks }] = value['repos'] as [{ hooks: readonly [{ entry: string; files: string }] }];
    const [{ entry, files }] = hooks;
    const changed = ['deploy/good/pod.yaml', 'deploy/bad/pod.yaml', 'charts/a/templates/x.yaml', 'README.md'];
    const named = changed.filter((file) => new RegExp(files).test(file));
    assert.equal(named.length, 3);
    assert.equal((await shell(folder, `${entry} ${named.join(' ')}`)).code, 1);
    const good = named.filter((file) => !file.includes('bad'));
    const passed = await shell(folder, `${entry} ${good.join(' ')}`);
    assert.equal(passed.code, 0, passed.stderr);
  });

  it('the jobs of GitHub Actions annotate, and write a SARIF log', async () => {
    await using folder = await repository();
    const { value } = exampleWith('jobs');
    const { steps } = (value['jobs'] as { images: { steps: readonly { run?: string }[] } }).images;
    const [annotate = '', log = ''] = steps.flatMap(({ run }) => run ?? []);
    const { code, stdout } = await shell(folder, annotate);
    assert.equal(code, 1);
    assert.equal(readWorkflowCommands(stdout)[0]?.properties['file'], 'deploy/bad/deployment.yaml');
    assert.equal((await shell(folder, log)).code, 1);
    assert.deepEqual(
      sarifProblems(JSON.parse(await readFile(folder.file('images.sarif'), 'utf8')) as SarifLog),
      [],
    );
  });

  it('the job of GitLab writes a JUnit report', async () => {
    await using folder = await repository();
    const { script } = exampleWith('images').value['images'] as { script: readonly string[] };
    assert.equal((await shell(folder, script.join('\n'))).code, 1);
    assert.deepEqual(await junitProblems(await readFile(folder.file('images.xml'), 'utf8')), []);
  });

  it('the options apply in a folder below the root of the repository', async () => {
    await using folder = await repository();
    const { code, stdout } = await shell(folder, 'cd charts && kube-image-bouncer check');
    assert.equal(code, 1);
    assert.match(stdout, /^refused {2}\.\.\/deploy\/bad\/deployment\.yaml:18:9 /);
  });
});
