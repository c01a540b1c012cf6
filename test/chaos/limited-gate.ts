// A gate with limits for which `serve` has no option, so that controls can switch them off. Takes the arguments of
// gate.ts.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { createBouncer } from '../../src/bouncer.ts';
import { loadPolicy } from '../../src/policy-source/load.ts';
import { startHealthServer } from '../../src/server/health.ts';
import type { Limits } from '../../src/server/limits.ts';
import { startServer } from '../../src/server/server.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createRecorder } from '../../src/telemetry/recorder.ts';
import { NO_LATEST } from '../support/policies.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    cert: { type: 'string', default: '' },
    key: { type: 'string', default: '' },
    port: { type: 'string' },
    'health-port': { type: 'string' },
    bind: { type: 'string', default: '127.0.0.1' },
    limits: { type: 'string', default: '{}' },
    policy: { type: 'string' },
  },
});
const policy = values.policy === undefined ? NO_LATEST : await loadPolicy(values.policy);
const metrics = createMetrics();
const recorder = createRecorder({ log: { write: () => undefined, batch: (run) => run() }, metrics });
const server = await startServer({
  protocols: { imageReview, admissionReview },
  bouncer: createBouncer({ policies: { current: () => policy } }),
  recorder,
  address: values.bind,
  port: Number(values.port),
  tls: { certificate: readFileSync(values.cert, 'utf8'), key: readFileSync(values.key, 'utf8') },
  now: () => performance.now(),
  today: () => new Date(),
  limits: JSON.parse(values.limits) as Partial<Limits>,
});
await startHealthServer({
  address: values.bind,
  port: Number(values['health-port']),
  checks: server.checks,
  metrics,
  recorder,
});
