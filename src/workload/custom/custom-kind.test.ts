import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customKind, image, podSpec, rootsOf, within } from './custom-kind.ts';

describe('a custom resource', () => {
  it('is by default namespaced and a template, and has no skipped parts', () => {
    const sources = [podSpec('spec.template.spec')];
    assert.deepEqual(customKind('widgets.shop.example.com', 'Widget', sources), {
      origin: 'custom',
      kind: 'Widget',
      resource: 'widgets.shop.example.com',
      group: 'shop.example.com',
      scope: 'Namespaced',
      ruleScope: 'Namespaced',
      template: true,
      sources,
      skipped: [],
    });
    const differences = {
      scope: 'Cluster',
      template: false,
      skipped: [{ path: 'spec.x', why: 'none' }],
    } as const;
    const { scope, template, skipped } = customKind('w.example.com', 'W', sources, differences);
    assert.deepEqual({ scope, template, skipped }, differences);
    const scopes = { scope: 'Namespaced', ruleScope: '*' } as const;
    assert.equal(customKind('w.example.com', 'W', sources, { scope: 'Cluster' }).ruleScope, 'Cluster');
    assert.equal(customKind('w.example.com', 'W', sources, scopes).ruleScope, '*');
  });

  it('has images of containers by default', () => {
    const [plain, volume] = [image('spec.image'), image('spec.image', 'imageVolume')];
    assert.ok(plain.kind === 'image' && volume.kind === 'image');
    assert.deepEqual([plain.usage, volume.usage, plain.tags], ['container', 'imageVolume', undefined]);
  });

  it('has as roots the first keys of its paths, each once', () => {
    const kind = customKind('w.example.com', 'W', [
      image('spec.image'),
      podSpec('spec.template'),
      within('status.parts[*]', 'part', () => []),
      image('*.image'),
      podSpec(''),
    ]);
    assert.deepEqual(rootsOf(kind), ['spec', 'status']);
  });
});
