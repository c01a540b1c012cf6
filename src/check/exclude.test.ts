import assert from 'node:assert/strict';
import test from 'node:test';
import { createExclusion } from './exclude.ts';

test('globs match paths, or names at any depth', () => {
  for (const [glob, matching, other] of [
    ['charts/*/templates', 'charts/web/templates', 'charts/templates'],
    ['**/templates/**', 'charts/web/templates/a/b.yaml', 'charts/web/values.yaml'],
    ['**/templates/**', 'templates/a.yaml', 'template/a.yaml'],
    ['templates', 'charts/web/templates', 'charts/web/templates.yaml'],
    ['templates/', 'charts/web/templates', 'charts/templates/a.yaml'],
    ['*.json', 'deep/er/a.json', 'deep/er/a.yaml'],
    ['./deploy/*.yaml', 'deploy/a.yaml', 'deploy/er/a.yaml'],
    ['deploy/{a,b}.y?ml', 'deploy/b.yaml', 'deploy/c.yaml'],
    ['../other/**', '../other/a.yaml', 'other/a.yaml'],
    ['*', 'a', '.github'],
    ['.github', 'a/.github', 'a/github'],
  ] as const) {
    const exclusion = createExclusion([glob]);
    assert.equal(exclusion.has(matching), true, `${glob} ${matching}`);
    assert.equal(exclusion.has(other), false, `${glob} ${other}`);
  }
});

test('a file below an excluded folder is excluded', () => {
  const exclusion = createExclusion(['vendor', 'charts/*']);
  assert.equal(exclusion.has('vendor/a/b.yaml'), false);
  assert.equal(exclusion.hasOrContains('vendor/a/b.yaml'), true);
  assert.equal(exclusion.hasOrContains('/srv/charts/b.yaml'), false);
  assert.equal(exclusion.hasOrContains('charts/b/c/d.yaml'), true);
  assert.equal(createExclusion([]).hasOrContains('a/b'), false);
});
