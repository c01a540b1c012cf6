import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createMetrics } from '../telemetry/metrics.ts';
import { admitted, createTestRecorder, get, openPlain, readToEnd, reviewOf } from '#test/review-server.ts';
import { outcomeOf } from '#test/outcomes.ts';
import { type HealthServer, startHealthServer } from './health.ts';

describe('health', () => {
  let policyFault: string | undefined;
  let flushes = 0;
  let health: HealthServer;
  const metrics = createMetrics();
  before(async () => {
    metrics.countOutcome(outcomeOf({ review: reviewOf('canary-uid'), decision: admitted }));
    const recorder = { ...createTestRecorder().recorder, flush: () => void (flushes += 1) };
    const checks = { policy: () => policyFault, listener: () => undefined };
    health = await startHealthServer({ address: '127.0.0.1', port: 0, checks, metrics, recorder });
  });
  after(() => health.close());

  it('answers /livez with 200 although a check fails', async () => {
    policyFault = 'no policy is loaded';
    assert.equal((await get(health.port, '/livez')).status, 200);
  });

  it('is ready if no check fails, and names those that fail', async () => {
    policyFault = undefined;
    const ready = await get(health.port, '/readyz?verbose');
    assert.deepEqual([ready.status, ready.text], [200, '[+]policy ok\n[+]listener ok\nready\n']);
    policyFault = 'no policy is loaded';
    const unready = await get(health.port, '/readyz');
    const text = '[-]policy failed: no policy is loaded\n[+]listener ok\nnot ready\n';
    assert.deepEqual([unready.status, unready.text], [503, text]);
  });

  it('shows metrics that contain all earlier records', async () => {
    const reply = await get(health.port, '/metrics');
    assert.equal(reply.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(
      reply.text,
      /^kube_image_bouncer_decisions_total\{protocol="AdmissionReview",outcome="admitted"/m,
    );
    assert.equal(flushes, 1);
  });

  it('renders the metrics once for all requests at the same time, and again for the next one', async () => {
    const { promise: open, resolve } = Promise.withResolvers<void>();
    let renders = 0;
    const render = async () => {
      renders += 1;
      await open;
      return `page ${renders}`;
    };
    const { recorder } = createTestRecorder();
    const slow = {
      address: '127.0.0.1',
      port: 0,
      checks: {},
      metrics: { contentType: 'text/plain', render },
    };
    await using other = await startHealthServer({ ...slow, recorder });
    const callers = await Promise.all(Array.from({ length: 20 }, () => openPlain(other)));
    const answers = callers.map(readToEnd);
    for (const caller of callers) caller.write('GET /metrics HTTP/1.1\r\nhost: gate\r\n\r\n');
    // When this is answered, the earlier requests have been read.
    await get(other.port, '/livez');
    resolve();
    for (const answer of await Promise.all(answers)) assert.match(answer, /\r\npage 1$/);
    assert.equal((await get(other.port, '/metrics')).text, 'page 2');
  });

  it('K10 serves nothing else: no review, no profile, no inspector; only GET and HEAD', async () => {
    for (const path of [
      '/',
      '/validate',
      '/image_policy',
      '/debug/pprof/',
      '/json/list',
      '/healthz',
      '//metrics',
      '/metrics/',
      '/constructor',
    ]) {
      assert.equal((await get(health.port, path)).status, 404, path);
      assert.equal((await get(health.port, path, 'POST')).status, 404, path);
    }
    for (const path of ['/livez', '/readyz', '/metrics']) {
      assert.ok(!(await get(health.port, path)).text.includes('canary'));
      const head = await get(health.port, path, 'HEAD');
      assert.equal(head.text, '');
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
        const reply = await get(health.port, path, method);
        assert.deepEqual([reply.status, reply.headers.allow], [405, 'GET, HEAD'], `${method} ${path}`);
      }
    }
  });

  it('survives a check and metrics that throw', async () => {
    const checks = {
      policy: () => {
        throw new Error('canary');
      },
    };
    const broken = { contentType: 'text/plain', render: () => Promise.reject(new Error('canary')) };
    const { recorder } = createTestRecorder();
    await using other = await startHealthServer({
      address: '127.0.0.1',
      port: 0,
      checks,
      metrics: broken,
      recorder,
    });
    for (const path of ['/readyz', '/metrics']) {
      const reply = await get(other.port, path);
      assert.deepEqual([reply.status, reply.text], [500, 'error\n']);
    }
  });
});
