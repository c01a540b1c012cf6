import assert from 'node:assert/strict';
import test from 'node:test';
import { filesBelow, productionSources, readSource } from './sources.ts';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readSource('package.json').text) as Manifest;
const lockFile = readSource('package-lock.json').text;
const locked = Object.entries((JSON.parse(lockFile) as { packages: Record<string, LockedPackage> }).packages);
const fromRegistry = locked.filter(([path, { link }]) => path.includes('node_modules/') && link !== true);

test('every production dependency has its reason in docs/decisions/', () => {
  const decisions = filesBelow('docs/decisions', '.md')
    .map(({ text }) => text)
    .join('\n');
  const unexplained = Object.keys(manifest.dependencies).filter((name) => !decisions.includes(`\`${name}\``));
  assert.deepEqual(unexplained, []);
});

test('every production dependency is used', () => {
  const used = new Set(
    productionSources().flatMap(({ imports }) => imports.map(({ specifier }) => specifier)),
  );
  const idle = Object.keys(manifest.dependencies).filter(
    (name) => ![...used].some((specifier) => specifier === name || specifier.startsWith(`${name}/`)),
  );
  assert.deepEqual(idle, []);
});

test('dependencies are pinned to a version', () => {
  const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  assert.deepEqual(loose, []);
});

test('no shipped package runs a script at installation', () => {
  const scripted = fromRegistry.filter(
    ([, { dev, devOptional, hasInstallScript }]) =>
      hasInstallScript === true && dev !== true && devOptional !== true,
  );
  assert.deepEqual(scripted, []);
});

test('the lock file contains a checksum for every package and names no registry', () => {
  assert.deepEqual(
    fromRegistry.filter(([, { integrity }]) => integrity === undefined),
    [],
  );
  assert.deepEqual(
    fromRegistry.filter(([, { resolved }]) => resolved !== undefined),
    [],
  );
  assert.doesNotMatch(lockFile, /https?:\/\/[^"]*\.tgz/);
});

test('the lock file contains the binaries of every platform', () => {
  const held = new Set(locked.map(([path]) => path.replace(/^.*node_modules\//, '')));
  const missing = locked.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !held.has(name))
      .map((name) => `${path}: ${name}`),
  );
  assert.deepEqual(missing, []);
});
