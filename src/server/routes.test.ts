import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { protocols } from '#test/review-server.ts';
import { createRoutes, findRoute } from './routes.ts';

const routes = createRoutes(protocols);

describe('a path', () => {
  it('chooses the protocol', () => {
    for (const [path, name] of [
      ['/image_policy', 'ImageReview'],
      ['/image-policy', 'ImageReview'],
      ['/', 'AdmissionReview'],
      ['/validate', 'AdmissionReview'],
    ] as const) {
      const route = findRoute(routes, 'POST', `${path}?timeout=10s`);
      assert.ok('protocol' in route);
      assert.deepEqual([route.protocol.name, route.query], [name, 'timeout=10s']);
      const bare = findRoute(routes, 'POST', path);
      assert.ok('protocol' in bare);
      assert.equal(bare.query, '');
    }
  });

  it('chooses the stage; without one it is deny', () => {
    for (const path of ['/validate', '/image_policy', '/image-policy']) {
      for (const [suffix, expected] of [
        ['', 'deny'],
        ['/deny', 'deny'],
        ['/warn', 'warn'],
        ['/audit', 'audit'],
      ] as const) {
        const route = findRoute(routes, 'POST', `${path}${suffix}?timeout=10s`);
        assert.ok('stage' in route, `${path}${suffix}`);
        assert.equal(route.stage, expected, `${path}${suffix}`);
      }
      assert.ok(!('stage' in findRoute(routes, 'POST', `${path}/Warn`)));
      assert.ok(!('stage' in findRoute(routes, 'POST', `${path}/warn/`)));
    }
  });

  it('F09 is not normalised: other spellings of a path are not found', () => {
    for (const target of [
      '//validate',
      '/validate/',
      '/validate/../metrics',
      '/./validate',
      '/%76alidate',
      '/validate%2e',
      '/%2e',
      '/validate#a',
      '/VALIDATE',
      'http://gate/validate',
      '*',
      '',
      '/metrics',
      '/__proto__',
      '/constructor',
      '\\validate',
    ]) {
      const route = findRoute(routes, 'POST', target);
      assert.equal('status' in route ? route.status : route.protocol.name, 404, target);
    }
  });

  it('F09 accepts POST only', () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE', 'post']) {
      const route = findRoute(routes, method, '/validate');
      assert.ok('status' in route);
      assert.deepEqual([route.status, route.allow], [405, 'POST']);
    }
  });
});
