import { admissionReview } from '../../src/admission/admission-review.ts';
import { imageReview } from '../../src/admission/image-review.ts';
import { createBouncer } from '../../src/bouncer.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { createReviewHandler, type ReviewHandler } from '../../src/server/review-handler.ts';
import { createRoutes, findRoute } from '../../src/server/routes.ts';
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
  const handlers = new Map<string, ReviewHandler>();
  for (const { name, document } of policies) {
    const policy = await parsePolicy(JSON.stringify(document), `${name}.json`);
    const bouncer = createBouncer({ policies: { current: () => policy } });
    handlers.set(name, handlerOf(bouncer, records));
  }
  const routes = createRoutes({ admissionReview, imageReview });
  const ask = ({ policy, target, body }: Case): Reply => {
    const startedMs = performance.now();
    const route = findRoute(routes, 'POST', target);
    if ('status' in route) throw new Error(`${target} leads nowhere`);
    const answer = handlers.get(policy.name)?.handle(route, body, startedMs);
    if (answer === undefined || answer instanceof Promise) throw new Error('the gate answers at once');
    return { status: answer.status, body: answer.body, elapsedMs: performance.now() - startedMs };
  };
  return { ask, records };
}

function handlerOf(bouncer: ReturnType<typeof createBouncer>, records: Map<string, number>): ReviewHandler {
  return createReviewHandler({
    bouncer,
    recorder: {
      record: (_, { outcome }, protocol, __, stage) =>
        increment(records, recordKey(protocol, outcome, stage)),
      reject: () => increment(records, 'rejected'),
      shed: () => increment(records, 'shed'),
    },
    now: () => performance.now(),
    maximumTimeoutMs: MAXIMUM_TIMEOUT_MS,
    largeBytes: Number.POSITIVE_INFINITY,
  });
}
