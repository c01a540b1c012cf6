import type { Random } from '../fuzz/random.ts';
import type { Case, Stage } from './case.ts';
import type { Some } from './images.ts';
import type { Fields } from './objects.ts';
import type { ProtocolName } from './policy.ts';
import type { Scene } from './scene.ts';

/** A case without its number and its policy. */
type Envelope = Omit<Case, 'index' | 'policy'>;

const IMAGE_REVIEW = 'imagepolicy.k8s.io/v1alpha1';

const PATHS: Readonly<Record<ProtocolName, Readonly<Record<Stage, Some<string>>>>> = {
  AdmissionReview: {
    deny: ['/validate', '/', '/validate/deny'],
    warn: ['/validate/warn'],
    audit: ['/validate/audit'],
  },
  ImageReview: {
    deny: ['/image_policy', '/image-policy', '/image_policy/deny', '/image-policy/deny'],
    warn: ['/image_policy/warn', '/image-policy/warn'],
    audit: ['/image_policy/audit', '/image-policy/audit'],
  },
};

const DEFAULT_TIMEOUT_MS = 10_000;

/** F10: a query and the resulting time limit. It is never longer than the gate's own ten seconds. */
const TIMEOUTS: Some<readonly [query: string, timeoutMs: number]> = [
  ['?timeout=10s', DEFAULT_TIMEOUT_MS],
  ['?timeout=30s', DEFAULT_TIMEOUT_MS],
  ['?timeout=5s', 5000],
  ['', DEFAULT_TIMEOUT_MS],
  ['?timeout=9999h', DEFAULT_TIMEOUT_MS],
  ['?timeout=abc', DEFAULT_TIMEOUT_MS],
  ['?timeout=-5s', DEFAULT_TIMEOUT_MS],
  ['?dryRun=All&timeout=3s', 3000],
];

/** Makes the request of a scene in its protocol. */
export function drawEnvelope(random: Random, scene: Scene): Envelope {
  const [query, timeoutMs] = random.chance(0.8) ? TIMEOUTS[0] : random.pick(TIMEOUTS);
  const { protocol } = scene;
  const apiVersion =
    protocol === 'ImageReview' ? IMAGE_REVIEW : `admission.k8s.io/${random.pick(['v1', 'v1', 'v1beta1'])}`;
  const uid = protocol === 'ImageReview' ? undefined : drawUid(random);
  const plain = { family: scene.family, truth: scene.truth, protocol, apiVersion, uid, timeoutMs };
  if (random.chance(0.02))
    return spoil(random, scene, { ...plain, target: pathOf(random, protocol, 'deny') + query });
  const stage: Stage = random.chance(0.85) ? 'deny' : random.pick(['warn', 'audit']);
  return {
    ...plain,
    expected: stage === 'deny' && scene.truth === 'bad' ? 'refuse' : 'admit',
    recorded: 'decision',
    warns: warnsAt(stage, scene),
    stage,
    target: pathOf(random, protocol, stage) + query,
    body: write(random, documentOf(scene, apiVersion, uid)),
    facets: facetsOf(scene, apiVersion, stage),
  };
}

function pathOf(random: Random, protocol: ProtocolName, stage: Stage): string {
  return random.pick(PATHS[protocol][stage]);
}

/** Below `deny` nothing is refused. `warn` warns the sender of what `deny` would refuse; `audit` does not. */
function warnsAt(stage: Stage, { protocol, truth, warns }: Scene): boolean | undefined {
  if (protocol === 'ImageReview') return false;
  if (stage === 'audit') return false;
  if (stage === 'warn') return truth === 'bad' || warns || undefined;
  return warns || undefined;
}

function facetsOf(scene: Scene, apiVersion: string, stage: Stage): readonly string[] {
  const { kind, operation, dryRun } = scene.content;
  const facets = [`stage ${stage}`, apiVersion];
  if (scene.protocol === 'ImageReview') return facets;
  const { group, version, kind: name } = kind as Readonly<Record<'group' | 'version' | 'kind', string>>;
  const of = group === '' ? version : `${group}/${version}`;
  return [...facets, `kind ${of} ${name}`, `operation ${String(operation)}`, `dry run ${String(dryRun)}`];
}

function documentOf({ protocol, content }: Scene, apiVersion: string, uid: string | undefined): Fields {
  return protocol === 'ImageReview'
    ? {
        kind: protocol,
        apiVersion,
        metadata: { creationTimestamp: null },
        spec: content,
        status: { allowed: false },
      }
    : { kind: protocol, apiVersion, request: { uid, ...content } };
}

/** F18: a uid is usually a UUID. The gate must return any other text unchanged. */
function drawUid(random: Random): string {
  if (random.chance(0.95)) return `705ab4f5-6393-11e8-b7cc-${(random.below(2 ** 32) + 2 ** 32).toString(16)}`;
  return random.pick(['u"1"\n', '__proto__', '\u2028', '\ud83d\ude00', 'x'.repeat(256), ' ', '\u001b[2J']);
}

/** The API server writes one line. Other forms of the same JSON must have the same meaning. */
function write(random: Random, document: Fields): Buffer {
  if (random.chance(0.02)) return Buffer.from(JSON.stringify(document, null, 2));
  const text = JSON.stringify(document);
  if (!random.chance(0.03)) return Buffer.from(random.chance(0.5) ? `${text}\n` : text);
  return Buffer.from(random.pick(DISGUISES)(text, random));
}

const DISGUISES: Some<(text: string, random: Random) => string> = [
  // F03: nested values in a field that the gate does not read.
  (text, random) => {
    const depth = random.chance(0.1) ? 1000 : 100;
    return `${text.slice(0, -1)},"extra":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  },
  // F04: if a key occurs twice, the last one counts, as in the API server's decoder.
  (text) => text.replaceAll('"image":"', '"image":"Evil:latest","image":"'),
  (text) => text.replaceAll('"image":"', '"image":"registry.example.com/team/app:1.2.3","image":"'),
  // F05: the name __proto__ is not a field of an object.
  (text) =>
    text
      .replaceAll('"metadata":{"', '"metadata":{"__proto__":{"namespace":"evil"},"')
      .replaceAll(
        '"spec":{"',
        '"spec":{"__proto__":{"containers":[]},"constructor":{"prototype":{"image":"a"}},"',
      ),
  // F07.
  (text) => `${text.slice(0, -1)},"extra":[1e999,-0,12345678901234567890]}`,
];

type Plain = Pick<Envelope, 'family' | 'truth' | 'protocol' | 'apiVersion' | 'uid' | 'timeoutMs' | 'target'>;
type Spoiled = readonly [
  family: string,
  expected: 'refuse' | 'reject',
  body: Buffer,
  changed?: Partial<Envelope>,
];

/**
 * F-cases: a document that is not a review is never admitted. An `ImageReview` is refused. An `AdmissionReview`
 * without a uid is rejected. An `AdmissionReview` of an unknown version is refused in that version.
 */
function spoil(random: Random, scene: Scene, plain: Plain): Envelope {
  const [family, expected, body, changed = {}] = random.pick(spoiledDocuments(random, scene, plain));
  const verdict = {
    truth: 'bad',
    expected: scene.protocol === 'ImageReview' ? 'refuse' : expected,
    recorded: expected === 'reject' ? 'rejection' : 'decision',
  } as const;
  const where = { stage: 'deny', warns: undefined, facets: ['stage deny'] } as const;
  return { ...plain, ...verdict, ...where, family: `no review: ${family}`, body, ...changed };
}

function spoiledDocuments(random: Random, scene: Scene, { apiVersion, uid, protocol }: Plain): Some<Spoiled> {
  const document = documentOf(scene, apiVersion, uid);
  const text = JSON.stringify(document);
  const written = (changes: Fields): Buffer => Buffer.from(JSON.stringify({ ...document, ...changes }));
  const cut = random.below(text.length - 1);
  const always: Some<Spoiled> = [
    ['cut off', 'reject', Buffer.from(text.slice(0, cut))],
    ['followed by something', 'reject', Buffer.from(`${text}{}`)],
    [
      'not UTF-8',
      'reject',
      Buffer.concat([
        Buffer.from(text.slice(0, -1)),
        Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      ]),
    ],
    ['a scalar', 'reject', Buffer.from(random.pick(['1', 'null', '"x"', '[]', 'true', '{}', '']))],
    ['another kind', 'reject', written({ kind: random.pick<unknown>(['Pod', 1, null, 'admissionreview']) })],
    [
      'another group',
      'reject',
      written({
        apiVersion: random.pick<unknown>(['v1', 'example.com/v1', 1, null, 'admission.k8s.iox/v1']),
      }),
    ],
  ];
  if (protocol === 'ImageReview') return always;
  const request = document['request'] as Fields;
  return [
    ...always,
    ['no request', 'reject', written({ request: random.pick<unknown>([null, [], 'x', undefined]) })],
    [
      'no uid',
      'reject',
      written({
        request: { ...request, uid: random.pick<unknown>([undefined, null, '', 1, {}, 'x'.repeat(257)]) },
      }),
    ],
    [
      'an unknown version',
      'refuse',
      written({ apiVersion: 'admission.k8s.io/v2' }),
      { apiVersion: 'admission.k8s.io/v2' },
    ],
    [
      'no kind',
      'refuse',
      written({
        request: {
          ...request,
          kind: random.pick<unknown>([null, 'Pod', [], { kind: 1 }]),
          operation: 'CREATE',
          subResource: '',
        },
      }),
    ],
  ];
}
