import { admissionReview, imageReview } from '#test/protocols.ts';
import {
  APPROVAL,
  type Approval,
  approvalOf,
  APPROVED,
  approvedRule,
  createTestClock,
  NOT_APPROVED,
  settleDown,
  type TestClock,
} from '#test/questions.ts';
import type { Answer } from '../../src/admission/exchange.ts';
import type { ImageReference } from '../../src/image/reference.ts';
import { createPolicy, type Policy } from '../../src/policy/policy.ts';
import type { PendingCheck, Rule } from '../../src/policy/rule.ts';
import { Asker } from '../../src/question/asker.ts';
import type { Answer as SourceAnswer, Source } from '../../src/question/question.ts';
import { createBouncer } from '../../src/bouncer.ts';
import { parsePolicy } from '../../src/policy-source/load.ts';
import { handleReview } from '../../src/server/review-handler.ts';
import { createRoutes, findRoute } from '../../src/server/routes.ts';
import type { ReviewContext } from '../../src/server/server-context.ts';
import type { Case } from './case.ts';
import { increment, recordKey } from './census.ts';
import type { Reply } from './judge.ts';
import type { OraclePolicy } from './policy.ts';
import { behaviourFor, type SourceBehaviour } from './question-policies.ts';

/** The gate without a socket, from the bytes of a body to the bytes of the answer. */
interface InProcessGate {
  /**
   * A promise only if the policy asks a question. In this case the gate has a clock that advances only when no other
   * work is left.
   */
  readonly ask: (testCase: Case) => Reply | Promise<Reply>;
  /** The recorded decisions, by protocol, outcome and stage. */
  readonly records: ReadonlyMap<string, number>;
  /** Number of calls of its source, by the behaviour of the source. */
  readonly behaviours: ReadonlyMap<SourceBehaviour, number>;
}

const MAXIMUM_TIMEOUT_MS = 10_000;

/**
 * One gate for each policy. Each case uses the gate of its policy. `changeRule` makes a wrong gate, to show that the oracle
 * finds it.
 */
export async function createInProcessGate(
  policies: readonly OraclePolicy[],
  changeRule?: (rule: Rule) => Rule,
): Promise<InProcessGate> {
  const records = new Map<string, number>();
  const contexts = new Map<string, ReviewContext>();
  const clock = createTestClock();
  const behaviours = new Map<SourceBehaviour, number>();
  const source = sourceOn(clock, behaviours);
  for (const { name, document, asks = [] } of policies) {
    const loaded = withQuestions(await parsePolicy(JSON.stringify(document), `${name}.json`), asks);
    const policy = changeRule ? createPolicy({ ...loaded, rules: loaded.rules.map(changeRule) }) : loaded;
    const bouncer = createBouncer({
      policies: { current: () => policy },
      ...(asks.length > 0 && { asker: new Asker({ sources: [source], clock }) }),
    });
    contexts.set(
      name,
      contextOf(bouncer, records, () => performance.now() + clock.now()),
    );
  }
  const routes = createRoutes({ admissionReview, imageReview });
  const ask = ({ policy, target, body }: Case): Reply | Promise<Reply> => {
    const now = (): number => performance.now() + clock.now();
    const startedMs = now();
    const route = findRoute(routes, 'POST', target);
    if ('status' in route) throw new Error(`${target} leads nowhere`);
    const context = contexts.get(policy.name);
    const answer = context && handleReview(context, route, body, startedMs);
    if (answer === undefined) throw new Error(`no gate has the policy ${policy.name}`);
    const replyOf = ({ status, body: text }: Answer): Reply => ({
      status,
      body: text,
      elapsedMs: now() - startedMs,
    });
    if (!(answer instanceof Promise)) return replyOf(answer);
    if (policy.asks === undefined) throw new Error('a policy without questions is answered at once');
    return passTime(clock, answer.then(replyOf));
  };
  return { ask, records, behaviours };
}

/** Advances the clock from timer to timer until there is a reply. */
async function passTime(clock: TestClock, reply: Promise<Reply>): Promise<Reply> {
  let isOver = false;
  const over = reply.finally(() => (isOver = true));
  for (;;) {
    await settleDown();
    if (isOver) return over;
    if (!clock.next()) throw new Error('the gate waits for nothing');
  }
}

/** The policy, with the rules of these names replaced by a rule that asks a question. */
function withQuestions(policy: Policy, names: readonly string[]): Policy {
  if (names.length === 0) return policy;
  const rules = policy.rules.map((rule) =>
    names.includes(rule.name) ? Object.assign({}, rule, { check: checkApproval }) : rule,
  );
  return createPolicy({ ...policy, rules });
}

function checkApproval(image: ImageReference): PendingCheck<Approval> {
  const pending = approvedRule().check(image) as PendingCheck<Approval>;
  return { ...pending, question: approvalOf(image.original) };
}

const SLOW_MS = 1500;
const LATE_MS = 30_000;

/** A source that behaves for each image as the table of the oracle defines. */
function sourceOn(clock: TestClock, behaviours: Map<SourceBehaviour, number>): Source<string> {
  const after = (ms: number): Promise<SourceAnswer> => {
    const { promise, resolve } = Promise.withResolvers<SourceAnswer>();
    clock.after(ms, () => resolve(APPROVED));
    return promise;
  };
  return {
    kind: APPROVAL.name,
    ask({ subject }) {
      const behaviour = behaviourFor(subject);
      increment(behaviours, behaviour);
      switch (behaviour) {
        case 'approves':
          return Promise.resolve(APPROVED);
        case 'disapproves':
          return Promise.resolve(NOT_APPROVED);
        case 'slow':
          return after(SLOW_MS);
        case 'late':
          return after(LATE_MS);
        case 'never':
          return new Promise(() => undefined);
        case 'malformed':
          return Promise.resolve({ outcome: 'known', value: { approved: 'yes' } });
        case 'rejects':
          return Promise.reject(new Error('no route to the source'));
        case 'throws':
          throw new Error('no route to the source');
      }
    },
  };
}

function contextOf(
  bouncer: ReturnType<typeof createBouncer>,
  records: Map<string, number>,
  now: () => number,
): ReviewContext {
  return {
    bouncer,
    recorder: {
      record: ({ decision: { outcome }, protocol, stage }) =>
        increment(records, recordKey(protocol, outcome, stage)),
      reject: () => increment(records, 'rejected'),
      shed: () => increment(records, 'shed'),
    },
    now,
    today: () => new Date(),
    maximumTimeoutMs: MAXIMUM_TIMEOUT_MS,
    limits: { largeBytes: Number.POSITIVE_INFINITY },
    isBroken: () => false,
  };
}
