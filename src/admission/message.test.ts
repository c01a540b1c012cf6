import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectionTo } from '#test/phrases.ts';
import { BAD, deployment, GOOD, pod, podOf, podSpec, workload } from '#test/pods.ts';
import { NO_LATEST, policyDocument, policyOf, policyWithCheck } from '#test/policies.ts';
import { ask, askAdmission, judge, type AdmissionResponse } from '#test/verdicts.ts';
import { imageReviewOfImages } from '#test/reviews.ts';
import { oneLine } from '../language/one-line.ts';
import { decodePolicy } from '../policy/decode.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import type { Violation } from '../policy/decision.ts';
import type { Policy } from '../policy/policy.ts';
import { isObject } from '../document/json.ts';
import { imageReview } from '#test/protocols.ts';
import { renderDenial, renderWarnings } from './message.ts';

/** Texts that a terminal, a log, an HTTP header or a reader could misinterpret. */
const HOSTILE: readonly string[] = [
  'nginx\r\nHTTP/1.1 200 OK',
  'nginx\u001b[2J\u001b[31mall good',
  'nginx\u0000',
  'nginx\u0085\u009b31m',
  'nginx\u007f',
  'nginx\u2028\u2029',
  'nginx\u202egpj.exe',
  'nginx\u200b:1.0',
  'n\u0433inx',
  'nginx\ud800',
  '\ufeffnginx',
  'x'.repeat(1024 * 1024),
  '\u001b'.repeat(1024 * 1024),
  '検'.repeat(5000),
  '\u{1f4a9}'.repeat(5000),
];

const PRINTABLE = /^[\x20-\x7e]*$/;
// eslint-disable-next-line no-control-regex -- the test checks that they are missing
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
/** The key of an audit annotation, after the name of the webhook. */
const LEGAL_KEY = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** The limit of the API server for all warnings of an answer. */
function assertLegalWarnings(warnings: readonly string[]): void {
  for (const warning of warnings) {
    assert.doesNotMatch(warning, CONTROL);
    assert.ok(warning.length > 0 && warning.length <= 256);
  }
  assert.ok(warnings.join('').length <= 4096);
  assert.deepEqual([...new Set(warnings)], warnings, 'no text is repeated');
}

function denialOf({ status }: AdmissionResponse): string {
  assert.ok(status);
  return status.message;
}

/** A policy with one rule, which warns about the tag latest by default. */
function warningPolicy(...actions: readonly ('Warn' | 'Audit')[]): Promise<Policy> {
  return policyOf({ disallowedTags: { tags: ['latest'] }, validationActions: [...actions] });
}

describe('the text of a denial', () => {
  it('contains image, place, reason, rule and remedy in one line', () => {
    const images = {
      containers: { web: BAD, side: 'nginx' },
      initContainers: { first: BAD },
      volumes: { v: BAD },
    };
    assert.equal(
      denialOf(askAdmission({ object: pod(images) })),
      'Images using latest tag are not allowed: ' +
        `${BAD} at spec.containers[0].image (container "web"), ` +
        `${BAD} at spec.initContainers[0].image (container "first"), ` +
        `${BAD} at spec.volumes[0].image.reference (volume "v"): ` +
        'tag "latest" is not allowed [rule no-latest]; name a fixed version or a digest; ' +
        'Images using latest tag are not allowed: nginx at spec.containers[1].image (container "side"): ' +
        'no tag means tag "latest", which is not allowed [rule no-latest]; name a fixed version or a digest',
    );
  });

  for (const image of HOSTILE) {
    it(`K01 ${JSON.stringify(image.slice(0, 24))} as image and as name is escaped, cut and in one line`, () => {
      const places = [
        { object: pod({ containers: { web: image } }) },
        { object: podOf({ containers: [{ name: image, image: BAD }] }) },
        { object: podOf({ ...podSpec(), volumes: [{ name: image, image: { reference: image } }] }) },
        { object: pod({ containers: { web: BAD } }, { name: image }) },
        { object: pod({}, { namespace: image }) },
        { object: { ...pod(), kind: image } },
        { object: pod(), kind: { group: image, version: image, kind: 'PodList' } },
        { object: { kind: image }, kind: { group: '', version: 'v1', kind: `${image}List` } },
      ];
      for (const request of places) {
        const { allowed, status, warnings = [] } = askAdmission(request);
        const texts = [
          status?.message ?? '',
          ...warnings,
          ...(status?.details?.causes ?? []).map((cause) => cause.message),
        ];
        for (const text of texts) assert.match(text, PRINTABLE);
        assert.ok((status?.message.length ?? 0) <= 1024);
        assert.ok(allowed || (status?.message.length ?? 0) > 0);
        assertLegalWarnings(warnings);
      }
      const { body } = ask(imageReview, imageReviewOfImages([image]));
      assert.ok(isObject(body['status']));
      const reason = String(body['status']['reason']);
      assert.match(reason, PRINTABLE);
      assert.ok(reason.length <= 1024);
    });
  }

  it('K01 five hundred hostile images and names fit, and those that do not are counted', () => {
    const containers = Array.from({ length: 500 }, (_, index) => ({
      name: `\u001b${index}`.repeat(20),
      image: `bad\u0000${index}`.repeat(30),
    }));
    const message = denialOf(askAdmission({ object: podOf({ containers }) }));
    assert.match(message, PRINTABLE);
    assert.ok(message.length <= 1024);
    assert.match(message, / and 499 more: control character /);
  });

  it('X16 places take the room that the rest of the denial leaves', () => {
    const long = (index: number): string => `registry.example.com/${'team/'.repeat(20)}app${index}`;
    const containersOf = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: long(index) }));
    const five = denialOf(askAdmission({ object: podOf({ containers: containersOf(5) }) }));
    for (const { name, image } of containersOf(5)) {
      assert.ok(five.includes(image) && five.includes(`"${name}"`), name);
    }
    assert.ok(Buffer.byteLength(five) <= 1024);
    const fifty = denialOf(askAdmission({ object: podOf({ containers: containersOf(50) }) }));
    const [, more] = / and (\d+) more: no tag/.exec(fifty) ?? [];
    assert.equal(fifty.match(/container "/g)?.length, 50 - Number(more));
    const [, place = ''] = /("c0"\), .*"c1"\))/.exec(fifty) ?? [];
    assert.ok(Buffer.byteLength(fifty) + place.length + 48 > 1024, 'another place would not fit');
    assert.ok(Buffer.byteLength(fifty) <= 1024);
  });

  it('X16 several causes share the room, and none of them is lost for it', async () => {
    const policy = await policyOf({ disallowedTags: { tags: ['latest'] } }, { requiredDigest: {} });
    const containers = Array.from({ length: 40 }, (_, index) => ({
      name: `c${index}`,
      image: `registry.example.com/${'team/'.repeat(8)}app${index}`,
    }));
    const message = denialOf(askAdmission({ object: podOf({ containers }) }, policy));
    assert.match(message, / more: no tag means .* more: .* \[rule rule-2\]/);
    assert.ok(Buffer.byteLength(message) <= 1024);
    assert.ok(Buffer.byteLength(message) > 850, String(message.length));
  });

  it('K02 warnings that do not fit are counted', () => {
    const containers = Array.from({ length: 20 }, (_, index) => ({
      name: `c${index}`,
      image: `app${index}`,
    }));
    const object = workload('apps/v1', 'Deployment', 'spec.template.spec', { containers });
    const { warnings = [] } = askAdmission({ object, oldObject: object });
    assert.equal(warnings.length, 13);
    assert.equal(warnings.at(-1), 'and 8 more warnings');
    assertLegalWarnings(warnings);
  });

  it('K01 hundreds of thousands of violations fit as well', () => {
    const containers = Array.from({ length: 500 }, (_, index) => ({
      name: `c${index}`,
      image: `app${index}:latest`,
    }));
    const { violations, ...decision } = judge({ object: podOf({ containers }) });
    const many: Violation[] = [];
    for (let index = 0; index < 300; index += 1) {
      for (const one of violations) many.push({ ...one, ...objectionTo(`${index}-${one.use?.container}`) });
    }
    const [first, ...others] = many;
    assert.ok(first);
    const message = renderDenial({ ...decision, outcome: 'refused', violations: [first, ...others] });
    assert.ok(message.length <= 1024);
    assert.match(message, / and 1499\d\d more$/);
  });

  it('K06 a denial contains nothing of other rules', async () => {
    const policy = await policyOf(
      { name: 'no-latest', disallowedTags: { tags: ['latest', 'internal-tag'] } },
      { name: 'registries', allowedImages: { images: ['internal.corp.example/secret/**'] } },
      { name: 'other', match: { users: ['secret-admin'] }, requiredDigest: {} },
    );
    const { status, warnings, auditAnnotations } = askAdmission(
      { object: pod({ containers: { web: BAD } }) },
      policy,
    );
    assert.match(status?.message ?? '', /rule no-latest.*rule registries/);
    assert.doesNotMatch(JSON.stringify([status, warnings, auditAnnotations]), /internal|secret/);
  });
});

describe('the messages in a policy', () => {
  const chinese = '检查镜像失败!镜像标签不允许使用latest!';

  it('K01 are unchanged in any language, in a denial, a warning and an ImageReview', async () => {
    const document = defaultPolicyDocument([]);
    const policy = await decodePolicy(document, 'zh');
    const object = pod({ containers: { web: BAD } });
    assert.ok(denialOf(askAdmission({ object }, policy)).startsWith(`${chinese}: ${BAD} at `));
    const { body } = ask(imageReview, imageReviewOfImages([BAD]), policy);
    assert.ok(isObject(body['status']));
    assert.ok(String(body['status']['reason']).startsWith(`${chinese}: ${BAD}: `));
    const spec = { ...document.spec, validationActions: ['Warn' as const] };
    const { allowed, warnings = [] } = askAdmission(
      { object },
      await decodePolicy({ ...document, spec }, 'zh'),
    );
    assert.ok(allowed);
    assert.ok(warnings[0]?.startsWith(`${chinese}: `));
  });

  it('K02 a parameter with a line break breaks no line', async () => {
    for (const allowedTags of [{ semver: '>=1.0.0\n<2' }, { pattern: 'v[0-9]+\n?' }]) {
      for (const validationActions of [['Deny'], ['Warn', 'Audit']] as ('Deny' | 'Warn' | 'Audit')[][]) {
        const policy = await policyOf({ allowedTags, validationActions });
        const {
          status,
          warnings = [],
          auditAnnotations = {},
        } = askAdmission({ object: pod({ containers: { web: BAD } }) }, policy);
        const texts = [status?.message ?? '', ...warnings, ...Object.values(auditAnnotations)];
        for (const text of texts) assert.doesNotMatch(text, CONTROL);
        assert.match(texts.join(''), /\\u000a/);
      }
    }
  });

  it('K01 the longest message is not cut within a character', async () => {
    const message = `a${'\u{1f6ab}'.repeat(127)}`;
    const policy = await policyOf({
      disallowedTags: { tags: ['latest'] },
      message,
      validationActions: ['Warn'],
    });
    const [warning = ''] = askAdmission({ object: pod({ containers: { web: BAD } }) }, policy).warnings ?? [];
    assert.ok(warning.isWellFormed());
    assert.ok(warning.endsWith('...') && warning.length <= 240);
  });
});

describe('warnings', () => {
  it('K02 are short, few, different and without control characters, for any object', async () => {
    const policy = await warningPolicy('Warn');
    const containers = HOSTILE.map((name) => ({ name, image: BAD }));
    const { allowed, warnings = [] } = askAdmission({ object: podOf({ containers }) }, policy);
    assert.ok(allowed && warnings.length > 0);
    assertLegalWarnings(warnings);
    for (const warning of warnings) assert.match(warning, PRINTABLE);
  });

  it('K02 five hundred of them stay within the limit of the API server', async () => {
    const policy = await warningPolicy('Warn');
    const containers = Array.from({ length: 500 }, (_, index) => ({ name: `c${index}`, image: BAD }));
    const { warnings = [] } = askAdmission({ object: podOf({ containers }) }, policy);
    assertLegalWarnings(warnings);
    assert.ok(warnings.length > 0 && warnings.length < 20);
  });

  it('K02 have the same limits for placeholders and unchanged images of a template', () => {
    const containers = Array.from(
      { length: 200 },
      (_, index) => [`c${index}\n`, index % 2 === 0 ? `{{\u001b${index}}}` : BAD] as const,
    );
    const object = deployment({ containers: Object.fromEntries(containers) });
    const { allowed, warnings = [] } = askAdmission({ object, oldObject: object });
    assert.ok(allowed && warnings.length > 0);
    assertLegalWarnings(warnings);
  });

  it('are in the answer of a denial and of an admission', async () => {
    const policy = await policyOf(
      { disallowedTags: { tags: ['latest'] } },
      { requiredDigest: {}, validationActions: ['Warn'] },
    );
    const {
      allowed,
      warnings = [],
      status,
    } = askAdmission({ object: pod({ containers: { web: BAD } }) }, policy);
    assert.ok(!allowed);
    assert.match(warnings.join(), /not pinned by a digest \[rule rule-2\]/);
    assert.doesNotMatch(status?.message ?? '', /digest \[rule/, 'what only warns is no reason for a denial');
    assert.equal(status?.details?.causes.length, 1);
  });

  it('are missing in the answer if there are none', async () => {
    assert.deepEqual(Object.keys(askAdmission({ object: pod() })), ['uid', 'allowed']);
    const audit = askAdmission({ object: pod({ containers: { web: BAD } }) }, await warningPolicy('Audit'));
    assert.deepEqual(Object.keys(audit), ['uid', 'allowed', 'auditAnnotations']);
    assert.deepEqual(renderWarnings(judge({ object: pod() })), []);
  });
});

describe('K03 audit annotations', () => {
  it('K03 have keys and values that the API server accepts, for any object', async () => {
    const policy = await warningPolicy('Warn', 'Audit');
    const containers = HOSTILE.map((name) => ({ name, image: BAD }));
    const { auditAnnotations = {} } = askAdmission({ object: podOf({ containers }) }, policy);
    assert.deepEqual(Object.keys(auditAnnotations), ['policy', 'violations']);
    const image = ask(imageReview, imageReviewOfImages([BAD, 'nginx']), policy);
    const annotated = (image.body['status'] as { auditAnnotations: Record<string, string> }).auditAnnotations;
    assert.deepEqual(Object.keys(annotated), ['policy', 'violations', 'warnings']);
    for (const [key, value] of [...Object.entries(auditAnnotations), ...Object.entries(annotated)]) {
      assert.match(key, LEGAL_KEY);
      assert.match(value, PRINTABLE);
      assert.ok(value.length <= 1024);
    }
  });

  it('K03 are missing if there is nothing to report', () => {
    assert.equal(askAdmission({ object: pod() }).auditAnnotations, undefined);
    assert.equal(
      askAdmission({ object: pod({ containers: { web: BAD } }) }, NO_LATEST).auditAnnotations,
      undefined,
    );
  });

  it('K03 contain the policy and its revision, which changes with its meaning', async () => {
    const rules = [
      { disallowedTags: { tags: ['latest'] }, validationActions: ['Audit' as const] },
      { allowedImages: { images: ['registry.example.com/**'] } },
    ];
    const revisions = new Set<string | undefined>();
    for (const unmatched of ['Allow', 'Deny', 'Allow'] as const) {
      const policy = await decodePolicy(policyDocument(rules, unmatched));
      const { auditAnnotations } = askAdmission(
        { object: pod({ containers: { web: BAD, side: GOOD } }) },
        policy,
      );
      revisions.add(auditAnnotations?.['policy']);
    }
    assert.equal(revisions.size, 2);
    for (const revision of revisions) assert.match(revision ?? '', /^test\/[0-9a-f]{12}$/);
  });

  it('K03 are one line for any text of a rule', () => {
    const policy = policyWithCheck(() => objectionTo('bad\r\n\u001b[31mreason'), {
      actions: ['Audit'],
      message: oneLine('run\tthis'),
    });
    const { auditAnnotations = {} } = askAdmission({ object: pod() }, policy);
    assert.match(auditAnnotations['violations'] ?? '', /^[\x20-\x7e]+$/);
  });
});
