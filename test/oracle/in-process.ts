import { admissionReview, imageReview } from '#test/protocols.ts';
import { createBouncer } from '../../src/bouncer.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { handleReview } from '../../src/server/review-handler.ts';
import { createRoutes, findRoute } from '../../src/server/routes.ts';
import type { ReviewContext } from '../../src/server/server-context.ts';
import type { Case } from './case.ts';
import { increment, recordKey } from './census.ts';
import type { Reply } from './judge.ts';
import type { OraclePolicy } from './policy.ts';

/** The gate without a socket: from the bytes of a body to those of the answer. */
export interface InProcessGate {
  readonly ask: (asked: Case) => Reply;
  /** What it has recorded, by protocol, outcome and stage. */
  readonly records: ReadonlyMap<string, number>;
}

const MAXIMUM_TIMEOUT_MS = 10_000;

/** One gate for each policy; each case asks that of its own. */
export async function createInProcessGate(policies: readonly OraclePolicy[]): Promise<InProcessGate> {
  const records = new Map<string, number>();
  const contexts = new Map<string, ReviewContext>();
  for (const { name, document } of policies) {
    const policy = await parsePolicy(JSON.stringify(document), `${name}.json`);
    const bouncer = createBouncer({ policies: { current: () => policy } });
    contexts.set(name, contextOf(bouncer, records));
  }
  const routes = createRoutes({ admissionReview, imageReview });
  const ask = ({ policy, target, body }: Case): Reply => {
    const startedMs = performance.now();
    const route = findRoute(routes, 'POST', target);
    if ('status' in route) throw new Error(`${target} leads nowhere`);
    const context = contexts.get(policy.name);
    const answer = context && handleReview(context, route, body, startedMs);
    if (answer === undefined || answer instanceof Promise) throw new Error('the gate answers at once');
    return { status: answer.status, body: answer.body, elapsedMs: performance.now() - startedMs };
  };
  return { ask, records };
}

function contextOf(bouncer: ReturnType<typeof createBouncer>, records: Map<string, number>): ReviewContext {
  return {
    bouncer,
    recorder: {
      record: ({ decision: { outcome }, protocol, stage }) =>
        increment(records, recordKey(protocol, outcome, stage)),
      reject: () => increment(records, 'rejected'),
      shed: () => increment(records, 'shed'),
    },
    now: () => performance.now(),
    today: () => new Date(),
    maximumTimeoutMs: MAXIMUM_TIMEOUT_MS,
    limits: { largeBytes: Number.POSITIVE_INFINITY },
    isBroken: () => false,
  };
}
