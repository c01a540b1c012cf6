import { policyDocument, type NamelessRule } from '#test/policies.ts';
import { BAD, deployment, GOOD, pod, podOf, podSpec, workload, type PodImages } from '#test/pods.ts';
import type { Request } from '#test/reviews.ts';
import { defaultPolicyDocument } from '../../src/policy/default-policy.ts';
import type { PolicyDocument } from '../../src/policy/schema.ts';

/** The result of a request. `not called`: the API server admits it without calling the gate. */
export type Verdict = 'admitted' | 'refused' | 'not called';

/** A request with the same verdict in every protocol. */
interface ProtocolCase {
  readonly what: string;
  readonly request: Request;
}

/** A request for which an `ImageReview` has too little information. docs/protocols.md has the same rows. */
interface Difference extends ProtocolCase {
  readonly policy: PolicyDocument;
  /** The verdict of the core, and so of `AdmissionReview` in both versions. */
  readonly admissionReview: Verdict;
  readonly imageReview: Verdict;
  readonly why: string;
  /** A version of Kubernetes whose `ImagePolicyWebhook` does not send subresources (CVE-2023-2727). */
  readonly before1_27_3?: true;
}

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const NO_LATEST = defaultPolicyDocument([]);
const LATEST: NamelessRule = { disallowedTags: { tags: ['latest'] } };

/** Policies about images, namespaces and resources. Both protocols carry these facts for pods. */
export const POLICIES: Readonly<Record<string, PolicyDocument>> = {
  'the default': NO_LATEST,
  'allowed registries': defaultPolicyDocument(['registry.example.com']),
  'required digests': policyDocument([{ requiredDigest: {} }]),
  'versions only': policyDocument([{ allowedTags: { semver: '>=1.0.0' } }]),
  'full names only': policyDocument([{ requireFullyQualified: {} }]),
  'no Docker Hub': policyDocument([{ disallowedImages: { images: ['docker.io/**'] } }]),
  'warnings only': policyDocument([{ ...LATEST, validationActions: ['Warn', 'Audit'] }]),
  'a warning and a denial': policyDocument([
    { ...LATEST, validationActions: ['Warn'] },
    { requiredDigest: {} },
  ]),
  'one repository': policyDocument([{ match: { images: ['registry.example.com/team/*'] }, ...LATEST }]),
  'an image that no rule selects is refused': policyDocument(
    [{ match: { images: ['registry.example.com/team/*'] }, ...LATEST }],
    'Deny',
  ),
  'this namespace': policyDocument([{ match: { namespaces: ['team-*'] }, ...LATEST }]),
  'another namespace': policyDocument([{ match: { namespaces: ['prod-*'] }, ...LATEST }]),
  'all namespaces except this one': policyDocument([{ exclude: { namespaces: ['team-a'] }, ...LATEST }]),
  pods: policyDocument([{ match: { resources: ['pods'] }, ...LATEST }]),
  'all but pods': policyDocument([{ exclude: { resources: ['pods'] }, ...LATEST }]),
  deployments: policyDocument([{ match: { resources: ['deployments.apps'] }, ...LATEST }]),
};

/** Images in containers and init containers of a new pod. Both protocols carry them. */
const PODS: Readonly<Record<string, PodImages>> = {
  'a good pod': {},
  'a bad container': { containers: { web: BAD } },
  'a bad init container beside a good container': { initContainers: { first: BAD } },
  'one image twice': { containers: { a: BAD, b: BAD } },
  'bad images of every kind': {
    containers: { a: 'nginx', b: 'nginx:1.27', c: 'ghcr.io/x/y:latest', d: GOOD },
    initContainers: { e: BAD, f: `nginx:latest@${DIGEST}`, g: 'Bad/Name:1', h: ' nginx:1' },
  },
  'a digest': { containers: { web: `registry.example.com/team/app@${DIGEST}` } },
  'an alias of Docker Hub': { containers: { web: 'index.docker.io/library/nginx:1.27' } },
  'a text that is not an image': { containers: { web: 'nginx\n:1' } },
};

/** Requests with the same verdict for every sender, under every policy. */
export const CASES: readonly ProtocolCase[] = [
  ...Object.entries(PODS).map(([what, images]) => ({ what, request: { object: pod(images) } })),
  {
    what: 'a dry run of a bad pod',
    request: { object: pod({ containers: { web: BAD } }), dryRun: true },
  },
  {
    what: 'the image of a container becomes bad',
    request: {
      object: pod({ containers: { web: BAD } }),
      oldObject: pod({ containers: { web: 'nginx:1.0' } }),
    },
  },
  {
    what: 'a pod without a name yet',
    request: {
      object: podOf(podSpec({ containers: { web: BAD } }), { name: undefined, generateName: 'web-' }),
    },
  },
  {
    what: 'a first ephemeral container',
    request: {
      object: pod({ ephemeralContainers: { debug: BAD } }),
      oldObject: pod(),
      subResource: 'ephemeralcontainers',
    },
  },
  {
    what: 'X14 an update that leaves no ephemeral container',
    request: { object: pod(), oldObject: pod(), subResource: 'ephemeralcontainers' },
  },
  {
    what: '501 containers',
    request: {
      object: podOf({
        containers: Array.from({ length: 501 }, (_, index) => ({ name: `c${index}`, image: GOOD })),
      }),
    },
  },
  {
    what: 'the deletion of a bad pod',
    request: { object: null, oldObject: pod({ containers: { web: BAD } }), operation: 'DELETE' },
  },
  {
    what: 'the status of a bad pod',
    request: {
      object: pod({ containers: { web: BAD } }),
      oldObject: pod({ containers: { web: BAD } }),
      subResource: 'status',
    },
  },
  {
    what: 'a template that keeps a bad image',
    request: {
      object: deployment({ containers: { web: BAD } }),
      oldObject: deployment({ containers: { web: BAD } }),
    },
  },
  {
    what: 'an unknown kind',
    request: { object: workload('example.com/v1', 'Widget', 'spec', podSpec({ containers: { web: BAD } })) },
  },
];

const node = { username: 'system:node:n1', groups: ['system:nodes'] };
const bot = { username: 'ci-bot', groups: ['robots'] };

/** The cases in which the protocols differ, and why. */
export const DIFFERENCES: readonly Difference[] = [
  {
    what: 'a label or a finalizer changes on a pod whose image is now forbidden',
    request: {
      object: pod({ containers: { web: BAD } }, { finalizers: [] }),
      oldObject: pod({ containers: { web: BAD } }, { finalizers: ['example.com/x'] }),
    },
    policy: NO_LATEST,
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it carries no old object',
  },
  {
    what: 'a good ephemeral container is added beside one that is now forbidden',
    request: {
      object: pod({ ephemeralContainers: { old: BAD, debug: GOOD } }),
      oldObject: pod({ ephemeralContainers: { old: BAD } }),
      subResource: 'ephemeralcontainers',
    },
    policy: NO_LATEST,
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it carries no old object',
  },
  {
    what: 'a bad ephemeral container is added, before Kubernetes 1.27.3, 1.26.6, 1.25.11 and 1.24.15',
    request: {
      object: pod({ ephemeralContainers: { debug: BAD } }),
      oldObject: pod(),
      subResource: 'ephemeralcontainers',
    },
    before1_27_3: true,
    policy: NO_LATEST,
    admissionReview: 'refused',
    imageReview: 'not called',
    why: 'it is not sent for any subresource (CVE-2023-2727)',
  },
  {
    what: 'a bad `EphemeralContainers` of Kubernetes 1.16 to 1.21',
    request: {
      object: workload('v1', 'EphemeralContainers', '', {
        ephemeralContainers: [{ name: 'debug', image: BAD }],
      }),
      oldObject: workload('v1', 'EphemeralContainers', '', { ephemeralContainers: [] }),
      subResource: 'ephemeralcontainers',
    },
    before1_27_3: true,
    policy: NO_LATEST,
    admissionReview: 'refused',
    imageReview: 'not called',
    why: 'it is not sent for any subresource (CVE-2023-2727)',
  },
  {
    what: 'a bad image volume',
    request: { object: pod({ volumes: { model: BAD } }) },
    policy: NO_LATEST,
    admissionReview: 'refused',
    imageReview: 'admitted',
    why: 'it carries no volumes',
  },
  {
    what: 'a bad ephemeral container in the body of a new pod',
    request: { object: pod({ ephemeralContainers: { debug: BAD } }) },
    policy: NO_LATEST,
    admissionReview: 'refused',
    imageReview: 'admitted',
    why: 'it carries ephemeral containers for their subresource only',
  },
  {
    what: 'a bad template, such as a Deployment',
    request: { object: deployment({ containers: { web: BAD } }) },
    policy: NO_LATEST,
    admissionReview: 'refused',
    imageReview: 'not called',
    why: 'it is sent only for pods, which are refused when they are created',
  },
  {
    what: 'the mirror of a static pod with a bad image',
    request: {
      object: podOf(
        { ...podSpec({ containers: { etcd: BAD } }), nodeName: 'n1' },
        { annotations: { 'kubernetes.io/config.mirror': 'x' } },
      ),
      userInfo: node,
    },
    policy: NO_LATEST,
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it carries no user, and any user can write the annotation',
  },
  {
    what: 'a rule that matches another user',
    request: { object: pod({ containers: { web: BAD } }), userInfo: bot },
    policy: policyDocument([{ match: { users: ['alice'] }, ...LATEST }]),
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it carries no user, so a rule that matches users applies',
  },
  {
    what: 'a rule that excludes this user',
    request: { object: pod({ containers: { web: BAD } }), userInfo: bot },
    policy: policyDocument([{ exclude: { users: ['ci-*'] }, ...LATEST }]),
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it carries no user, so the exclusion does not apply',
  },
  {
    what: 'a rule that matches another group',
    request: { object: pod({ containers: { web: BAD } }), userInfo: bot },
    policy: policyDocument([{ match: { groups: ['developers'] }, ...LATEST }]),
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it carries no groups, so a rule that matches groups applies',
  },
  {
    what: 'a rule that excludes this group',
    request: { object: pod({ containers: { web: BAD } }), userInfo: bot },
    policy: policyDocument([{ exclude: { groups: ['robots'] }, ...LATEST }]),
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it carries no groups, so the exclusion does not apply',
  },
  {
    what: 'a rule that matches init containers, and a bad container',
    request: { object: pod({ containers: { web: BAD } }) },
    policy: policyDocument([{ match: { usages: ['initContainer'] }, ...LATEST }]),
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it does not contain the list of an image, so a rule that matches usages applies',
  },
  {
    what: 'a rule that excludes init containers, and a bad one',
    request: { object: pod({ initContainers: { first: BAD } }) },
    policy: policyDocument([{ exclude: { usages: ['initContainer'] }, ...LATEST }]),
    admissionReview: 'admitted',
    imageReview: 'refused',
    why: 'it does not contain the list of an image, so none is excluded',
  },
];
