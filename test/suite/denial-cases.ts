import { BAD, deployment, GOOD, pod, podOf, podSpec, workload } from '#test/pods.ts';
import { policyDocument, type NamelessRule } from '#test/policies.ts';
import { approvedRule } from '#test/questions.ts';
import { admissionReviewOf, ALICE, imageReviewOfImages, type Request } from '#test/reviews.ts';
import { admissionReviewIn } from '../../src/admission/admission-review.ts';
import { imageReviewIn } from '../../src/admission/image-review.ts';
import { type Bouncer, createBouncer } from '../../src/bouncer.ts';
import type { Catalogue } from '../../src/language/catalogue.ts';
import { decodePolicy } from '../../src/policy/decode.ts';
import { defaultPolicyDocument } from '../../src/policy/default-policy.ts';
import { type FailureCode, failed } from '../../src/policy/decision.ts';
import { createPolicy, type Policy } from '../../src/policy/policy.ts';
import type { PolicyDocument } from '../../src/policy/schema.ts';
import { unavailable, type UnavailableCode } from '../../src/question/question.ts';
import { applyStage, type Stage } from '../../src/policy/stage.ts';

/** A request whose answer contains a text for users. */
interface DenialCase {
  readonly title: string;
  /** @default the built-in policy */
  readonly policy?: PolicyDocument;
  /** A request, the images of an `ImageReview`, or the reason why there is no decision. */
  readonly input: Request | readonly string[] | FailureCode;
  readonly stage?: Stage;
  /** Adds a rule to the policy whose question has no answer for this reason. */
  readonly unanswered?: UnavailableCode;
}

const DIGEST = `sha256:${'0'.repeat(64)}`;

function withShortNames({ spec, ...document }: PolicyDocument): PolicyDocument {
  return { ...document, spec: { ...spec, shortNames: 'Refuse' } };
}

function policyOfRule(rule: NamelessRule, unmatched: 'Allow' | 'Deny' = 'Allow'): PolicyDocument {
  return policyDocument([{ name: 'house-rule', ...rule }], unmatched);
}

function ownedPod(kind: string, name: string, labels: Readonly<Record<string, string>> = {}): Request {
  const owner = { apiVersion: 'apps/v1', kind, name, uid: '1', controller: true };
  const metadata = { name: undefined, generateName: `${name}-`, labels, ownerReferences: [owner] };
  return { object: pod({ containers: { web: 'nginx' } }, metadata) };
}

const podWith = (image: string): Request => ({ object: pod({ containers: { web: image } }) });
const podWithImages = (count: number) =>
  podOf({ containers: Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: 'nginx' })) });

const RULES: readonly DenialCase[] = [
  { title: 'no tag', input: podWith('nginx') },
  {
    title: 'several images, in every list of a pod',
    input: {
      object: pod({
        containers: { web: 'nginx:latest', side: 'Redis:7' },
        initContainers: { migrate: 'nginx:latest' },
        volumes: { data: 'ghcr.io/acme/data' },
      }),
    },
  },
  {
    title: 'a pod of a Deployment',
    input: ownedPod('ReplicaSet', 'web-5d4f7c9b6d', { 'pod-template-hash': '5d4f7c9b6d' }),
  },
  { title: 'a pod of a Job', input: ownedPod('Job', 'report') },
  {
    title: 'a tag that must be listed',
    policy: policyOfRule({ allowedTags: { tags: ['stable', '1.27'] } }),
    input: podWith('nginx:1.26'),
  },
  {
    title: 'a digest where the tag must be listed',
    policy: policyOfRule({ allowedTags: { tags: ['stable'] } }),
    input: podWith(`nginx@${DIGEST}`),
  },
  {
    title: 'a tag of a form that is forbidden',
    policy: policyOfRule({ disallowedTags: { pattern: '.*-SNAPSHOT' } }),
    input: podWith('nginx:1.27-SNAPSHOT'),
  },
  {
    title: 'a tag out of range',
    policy: policyOfRule({ allowedTags: { semver: '>=1.2.0 <2' } }),
    input: podWith('nginx:0.9.1'),
  },
  {
    title: 'a tag of another form',
    policy: policyOfRule({ allowedTags: { pattern: 'v\\d+' } }),
    input: podWith('nginx:main'),
  },
  {
    title: 'a registry that is not trusted',
    policy: policyOfRule({ allowedImages: { images: ['registry.example.com/**'] } }),
    input: podWith('quay.io/unknown/app:1'),
  },
  {
    title: 'an image that is forbidden',
    policy: policyOfRule({ disallowedImages: { images: ['docker.io/**'] } }),
    input: podWith('nginx:1.27'),
  },
  {
    title: 'no digest',
    policy: policyOfRule({ requiredDigest: {}, message: 'Pin your images' }),
    input: podWith('nginx:1.27'),
  },
  {
    title: 'a short name',
    policy: policyOfRule({ requireFullyQualified: {} }),
    input: podWith('nginx:1.27'),
  },
  {
    title: 'a short name under shortNames: Refuse',
    policy: withShortNames(policyOfRule({ allowedImages: { images: ['docker.io/library/*'] } })),
    input: podWith('nginx:1.27'),
  },
  {
    title: 'a short name that no rule vouches for, under shortNames: Refuse',
    policy: withShortNames(
      policyOfRule(
        { match: { images: ['docker.io/library/*'] }, disallowedTags: { tags: ['latest'] } },
        'Deny',
      ),
    ),
    input: podWith('nginx:1.27'),
  },
  {
    title: 'no rule for the image',
    policy: policyOfRule({ match: { images: ['ghcr.io/**'] }, requiredDigest: {} }, 'Deny'),
    input: podWith('nginx:1.27'),
  },
  {
    title: 'a rule that may allow the image, in an ImageReview',
    policy: policyOfRule(
      { match: { users: ['alice'] }, allowedImages: { images: ['docker.io/library/*'] } },
      'Deny',
    ),
    input: ['nginx:1.27'],
  },
];

const REFERENCES: readonly DenialCase[] = [
  { title: 'a line end in a reference', input: podWith('nginx:1.27\n') },
  { title: 'a capital in a repository', input: podWith('registry.example.com/Team/app:1') },
  { title: 'a registry that some programs read as a namespace', input: podWith('Team/app:1') },
  { title: 'a scheme', input: podWith('https://registry.example.com/app:1') },
  { title: 'a digest that is too short', input: podWith('nginx@sha256:0123') },
  { title: 'a digest of another algorithm', input: podWith(`nginx@sha384:${'0'.repeat(96)}`) },
  { title: 'an address that other programs read differently', input: podWith('127.1/app:1') },
  { title: 'an IPv6 address without brackets', input: podWith('fd00::1/app:1') },
];

const OBJECTS: readonly DenialCase[] = [
  { title: 'no containers', input: { object: podOf({}) } },
  {
    title: 'an image that is not a string',
    input: { object: deployment({ containers: { web: 1 as unknown as string } }) },
  },
  {
    title: 'a list as if it were one object',
    input: { object: { apiVersion: 'v1', kind: 'PodList', items: [] } },
  },
  { title: 'an object of another namespace', input: { object: pod({}, { namespace: 'team-b' }) } },
  { title: 'more images than the maximum', input: { object: podWithImages(501) } },
  { title: 'more text than fits: the rest is counted', input: { object: podWithImages(30) } },
  {
    title: 'text with control characters, and text that looks like white space',
    input: { object: podOf({ containers: [{ name: '\u001b[2J{reason}', image: 'nginx\u202e{tag}' }] }) },
  },
];

const keeps = deployment({ containers: { web: BAD, side: '$(params.image)' } });

const WARNED: readonly DenialCase[] = [
  {
    title: 'a rule that warns',
    policy: policyOfRule({ requiredDigest: {}, validationActions: ['Warn', 'Audit'] }),
    input: podWith('nginx:1.27'),
  },
  {
    title: 'a template that keeps an image that is now forbidden, and a placeholder',
    input: { object: keeps, oldObject: keeps },
  },
  {
    title: 'an unknown kind',
    input: { object: workload('example.com/v1', 'Widget', 'spec', podSpec()) },
  },
  {
    title: 'a Deployment of a user whom a rule excludes',
    policy: policyOfRule({ exclude: { users: ['alice'] }, requiredDigest: {} }),
    input: { object: deployment({ containers: { web: 'nginx:1.27' } }), userInfo: ALICE },
  },
  {
    title: 'the mirror pod of a static pod',
    input: {
      object: podOf(
        { ...podSpec({ containers: { etcd: BAD } }), nodeName: 'n1' },
        { annotations: { 'kubernetes.io/config.mirror': 'x' } },
      ),
      userInfo: { username: 'system:node:n1', groups: ['system:nodes'] },
    },
  },
  { title: 'a refusal at stage warn', input: podWith('nginx'), stage: 'warn' },
  { title: 'a failure at stage warn', input: 'INTERNAL', stage: 'warn' },
];

const FAILURES: readonly DenialCase[] = (['DEADLINE', 'INTERNAL', 'NO_POLICY', 'OVERLOADED'] as const).map(
  (code) => ({ title: `nothing decided: ${code}`, input: code }),
);

/** Texts that a reviewer reads before users see them. */
const QUESTIONS: readonly DenialCase[] = [
  ...(['DEADLINE', 'ANSWER_UNAVAILABLE', 'ANSWER_MALFORMED', 'NO_SOURCE', 'TOO_MANY_QUESTIONS'] as const).map(
    (unanswered): DenialCase => ({
      title: `a rule without the answer that it needs: ${unanswered}`,
      input: podWith(GOOD),
      unanswered,
    }),
  ),
  {
    title: 'a rule that was not checked, because another rule refuses',
    input: podWith(BAD),
    unanswered: 'DEADLINE',
  },
];

export const DENIAL_CASES: readonly DenialCase[] = [
  ...RULES,
  ...REFERENCES,
  ...OBJECTS,
  ...WARNED,
  ...QUESTIONS,
  ...FAILURES,
];

interface Answered {
  readonly allowed: boolean;
  readonly reason?: string;
  readonly status?: { readonly message: string };
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

function bouncerOf(policy: Policy, unanswered: UnavailableCode = 'NO_SOURCE'): Bouncer {
  const asker = { ask: async () => () => unavailable(unanswered), now: () => 0 };
  return createBouncer({ policies: { current: () => policy }, asker });
}

/** All texts of the answer in a language, each after the name of its field. */
export async function textsOf(denial: DenialCase, catalogue: Catalogue): Promise<readonly string[]> {
  const document = denial.policy ?? defaultPolicyDocument([]);
  const decoded = await decodePolicy(document, catalogue.language);
  const { input, stage = 'deny', unanswered } = denial;
  const policy =
    unanswered === undefined
      ? decoded
      : createPolicy({ ...decoded, rules: [...decoded.rules, approvedRule()] });
  const isImageReview = Array.isArray(input);
  const protocol = (isImageReview ? imageReviewIn : admissionReviewIn)(catalogue);
  const request = typeof input === 'string' ? { object: pod({ containers: { web: GOOD } }) } : input;
  const exchange = protocol.open(
    isImageReview ? imageReviewOfImages(input) : admissionReviewOf(request as Request),
  );
  const decision =
    typeof input === 'string'
      ? failed(input)
      : await bouncerOf(policy, unanswered).decide(exchange.review, 1000);
  const body = JSON.parse(exchange.respond(applyStage(decision, stage)).body) as Record<string, Answered>;
  const {
    allowed,
    reason,
    status,
    warnings = [],
    auditAnnotations = {},
  } = (body['response'] ?? body['status']) as Answered;
  return [
    ...(allowed ? [] : [`denied: ${status?.message ?? reason}`]),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...Object.entries(auditAnnotations)
      .filter(([key]) => key !== 'policy')
      .map(([key, text]) => `audit ${key}: ${text}`),
  ];
}
