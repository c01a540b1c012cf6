import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { promisify } from 'node:util';
import { bundle } from '../../scripts/bundle.ts';
import { NODE_FLAGS } from '../../src/control-plane/gate-command.ts';
import { root } from './sources.ts';

/** A folder with the files that npm publishes, outside the checkout. */
async function buildPackage(): Promise<{ readonly folder: string } & Disposable> {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  await bundle(root, join(folder, 'dist'));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function contents(folder: string): ReadonlyMap<string, string> {
  const dist = join(folder, 'dist');
  return new Map(readdirSync(dist).map((name) => [name, readFileSync(join(dist, name), 'utf8')]));
}

test('two builds have equal bytes and contain no path of this machine', async () => {
  using first = await buildPackage();
  using second = await buildPackage();
  const files = contents(first.folder);
  assert.deepEqual(files, contents(second.folder));
  for (const [name, text] of files) assert.ok(!text.includes(root.slice(0, -1)), `${name} names ${root}`);
});

test('the package runs without the checkout and prints its version', async () => {
  using built = await buildPackage();
  const bin = join(built.folder, 'bin/kube-image-bouncer.js');
  const run = promisify(execFile);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal((await run(process.execPath, [bin, '--version'])).stdout.trim(), version);
  assert.match(
    (await run(process.execPath, [bin, 'explain', 'nginx:1.27'])).stdout,
    /docker\.io\/library\/nginx:1\.27/,
  );
});

test('the package loads the libraries that a policy needs', async () => {
  using built = await buildPackage();
  const file = join(built.folder, 'policy.json');
  const rules = [
    { name: 'range', allowedTags: { semver: '>=1.0.0' } },
    { name: 'expression', disallowedTags: { pattern: 'v[0-9]+' } },
    { name: 'registries', allowedImages: { images: ['*.registry.example.com/**'] } },
  ];
  const policy = {
    apiVersion: 'kube-image-bouncer.io/v1alpha1',
    kind: 'ImageAdmissionPolicy',
    metadata: { name: 'test' },
    spec: { unmatchedImages: 'Deny', rules },
  };
  writeFileSync(file, JSON.stringify(policy));
  const command = [join(built.folder, 'bin/kube-image-bouncer.js'), 'explain', '--policy', file];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...command,
    'eu.registry.example.com/app:1.0.0',
  ]);
  assert.match(stdout, /admitted/);
});

test('the packaged gate makes its certificate, serves, and exits on SIGTERM', async () => {
  using built = await buildPackage();
  const options = ['--self-signed', '--state-dir', join(built.folder, 'state'), '--bind', '127.0.0.1'];
  const ports = ['--port', '0', '--health-port', '0', '--drain', '0'];
  const bin = join(built.folder, 'bin/kube-image-bouncer.js');
  const gate = spawn(process.execPath, [bin, 'serve', ...options, ...ports], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const [said] = (await once(gate.stderr, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer];
    assert.match(said.toString(), /^kube-image-bouncer serves https:/);
    gate.kill('SIGTERM');
    assert.deepEqual(await once(gate, 'exit', { signal: AbortSignal.timeout(20_000) }), [0, null]);
  } finally {
    gate.kill('SIGKILL');
  }
});

test('XH5 the packaged gate has the program of the thread that reads policies, and may run it with the flags of bootstrap', async () => {
  using built = await buildPackage();
  const policy = join(built.folder, 'policy.yaml');
  const rules = Array.from({ length: 1000 }, (_, index) => ({
    name: `r${index}`,
    match: { namespaces: [`team-${index}`] },
    requiredDigest: {},
  }));
  const document = {
    apiVersion: 'kube-image-bouncer.io/v1alpha1',
    kind: 'ImageAdmissionPolicy',
    metadata: { name: 'large' },
    spec: { unmatchedImages: 'Allow', rules },
  };
  writeFileSync(policy, JSON.stringify(document));
  const flags = [...NODE_FLAGS, `--allow-fs-read=${built.folder}/*`];
  const ports = ['--port=0', '--health-port=0', '--drain=0', '--bind=127.0.0.1'];
  const args = [...flags, join(built.folder, 'dist/main.js'), 'serve', `--policy=${policy}`, ...ports];
  const gate = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const log = text(gate.stdout);
    await once(gate.stderr, 'data', { signal: AbortSignal.timeout(20_000) });
    gate.kill('SIGTERM');
    assert.deepEqual(await once(gate, 'exit', { signal: AbortSignal.timeout(20_000) }), [0, null]);
    assert.match(await log, /"name":"large".*"msg":"policy loaded"/);
    assert.doesNotMatch(await log, /without a thread/);
  } finally {
    gate.kill('SIGKILL');
  }
});

test('the code that makes certificates is loaded when it is needed, not with the server', async () => {
  using built = await buildPackage();
  const files = contents(built.folder);
  const [maker] = [...files].find(([, text]) => text.includes('X509CertificateGenerator')) ?? [];
  assert.ok(maker !== undefined, 'no file of the bundle contains the X.509 library');
  const loaded = loadedWith(
    [...files.keys()].filter((name) => /^(?:main|serve)\b/.test(name)),
    files,
  );
  assert.ok(loaded.size >= 2, `the program and the server are ${[...loaded].join(', ')}`);
  assert.ok(!loaded.has(maker), `the server loads ${maker}`);
  const makers = [...files.keys()].filter((name) => loadedWith([name], files).has(maker));
  assert.ok(
    [...files.values()].some((text) => makers.some((name) => text.includes(`import("./${name}")`))),
    `nothing loads ${maker}`,
  );
});

/** Files of the bundle that are loaded immediately with these. */
function loadedWith(names: readonly string[], files: ReadonlyMap<string, string>): ReadonlySet<string> {
  const loaded = new Set(names);
  for (const name of loaded)
    for (const [, imported = ''] of (files.get(name) ?? '').matchAll(
      /(?:from|import) ?["']\.\/([^"']+)["']/g,
    ))
      loaded.add(imported);
  return loaded;
}
