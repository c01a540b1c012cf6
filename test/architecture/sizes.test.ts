import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test from 'node:test';
import { filesBelow, isTest, root } from './sources.ts';

const LIMIT = 350;

/** Names without a meaning, which attract unrelated code. */
const FORBIDDEN = /^(utils?|helpers?|types|common|constants|misc|shared|index)\.(test\.)?ts$/;

/** A file with a list of rules, not a barrel. */
const REGISTRIES = new Set(['src/policy/rules/index.ts']);

const files = ['src', 'test', 'scripts', 'bench'].flatMap((folder) => filesBelow(folder, '.ts'));

test(`no file is longer than ${LIMIT} lines`, () => {
  const long = files.filter(({ path, text }) => !isTest(path) && text.split('\n').length - 1 > LIMIT);
  assert.deepEqual(
    long.map(({ path }) => path),
    [],
  );
});

test('file names are in kebab-case and name the content', () => {
  const names = files.map(({ path }) => path);
  assert.deepEqual(
    names.filter((path) => FORBIDDEN.test(basename(path)) && !REGISTRIES.has(path)),
    [],
  );
  assert.deepEqual(
    names.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.ts$/.test(basename(path))),
    [],
  );
});

test('a disabled lint check has a reason', () => {
  const silent = files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const off = /(?:oxlint|eslint)-disable(?!.*\s--\s\S)|@ts-(?:ignore|nocheck)|@ts-expect-error\s*$/.test(
        line,
      );
      return off && path !== 'test/architecture/sizes.test.ts' ? [`${path}:${index + 1}`] : [];
    }),
  );
  assert.deepEqual(silent, []);
});

test('lint refuses any, console, long files, long functions and promises without await', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lint-'));
  try {
    const statements = Array.from({ length: 61 }, (_, index) => `  console.log(${index});`).join('\n');
    const sample = [
      `export function long(): void {\n${statements}\n}`,
      'export function loose(value: any): unknown {\n  return value;\n}',
      'export async function late(): Promise<void> {\n  await Promise.resolve();\n}',
      'export function forgets(): void {\n  late();\n}',
      '// another line'.concat('\n// another line'.repeat(LIMIT)),
    ];
    writeFileSync(join(folder, 'sample.ts'), sample.join('\n\n'));
    writeFileSync(join(folder, 'tsconfig.json'), '{"compilerOptions":{"strict":true}}');
    const rules = await lintedRules(join(folder, 'sample.ts'));
    for (const rule of [
      'no-explicit-any',
      'no-console',
      'max-lines',
      'max-lines-per-function',
      'no-floating-promises',
    ]) {
      assert.ok(rules.has(rule), `${rule} is off; on are ${[...rules].join(', ')}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Names of the rules that a file breaks under the project's own configuration. */
async function lintedRules(file: string): Promise<ReadonlySet<string>> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const args = [
    join(root, 'node_modules/oxlint/bin/oxlint'),
    '--type-aware',
    '--config',
    join(root, '.oxlintrc.json'),
  ];
  // The linter exits with 1 because it reports problems. Its output is the result.
  execFile(process.execPath, [...args, '--format', 'json', file], { cwd: root }, (_, stdout) =>
    resolve(stdout),
  );
  const { diagnostics } = JSON.parse(await promise) as { diagnostics: { code: string }[] };
  return new Set(diagnostics.map(({ code }) => /\((.+)\)$/.exec(code)?.[1] ?? code));
}
