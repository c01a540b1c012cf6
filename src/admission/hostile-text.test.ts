import { failed } from '../policy/decision.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, deployment, pod, podOf, podSpec } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { admissionReviewOf, imageReviewOfImages, type Request } from '#test/reviews.ts';
import { ask, type AdmissionResponse } from '#test/verdicts.ts';
import { gapsOf, type Catalogue } from '../language/catalogue.ts';
import { chooseCatalogue } from '../language/choose.ts';
import { ENGLISH } from '../language/english.ts';
import { decodeCatalogue, TEXT_CHARACTERS } from '../language/further-catalogue.ts';
import { oneLine } from '../language/one-line.ts';
import type { Policy } from '../policy/policy.ts';
import { applyStage, STAGES } from '../policy/stage.ts';
import { admissionReviewIn } from './admission-review.ts';
import { MalformedReviewError } from './exchange.ts';
import { imageReviewIn } from './image-review.ts';

/** The longest texts that a catalogue file may have, of letters with three bytes each. */
function widest(): Catalogue {
  const messages = Object.fromEntries(
    Object.entries(ENGLISH).map(([key, text]) => {
      const gaps = gapsOf(text)
        .map((gap) => `{${gap}}`)
        .join('検');
      return [key, gaps.padEnd(TEXT_CHARACTERS, '検')];
    }),
  );
  const decoded = decodeCatalogue({ language: 'ja', messages });
  assert.ok('language' in decoded, JSON.stringify(decoded));
  return chooseCatalogue('ja', decoded).catalogue;
}

const CATALOGUES: readonly Catalogue[] = [
  chooseCatalogue('en').catalogue,
  chooseCatalogue('zh').catalogue,
  widest(),
];

const HOSTILE: readonly string[] = [
  'nginx\r\nHTTP/1.1 200 OK',
  'nginx\u001b[2J\u001b[31mall good',
  'nginx\u0000\u007f\u0085\u009b31m',
  'nginx\u2028\u2029',
  'nginx\u202egpj.exe\u2066x\u2069\u200f',
  '\ufeffnginx\u200b',
  'nginx\ud800',
  '\udc00nginx',
  '{reason} {tag} {places} {what} {{tag}} {}',
  '$& $1 $` %s',
  '\u001b'.repeat(100_000),
  '検'.repeat(5000),
  '\u{1f4a9}'.repeat(5000),
  '\u{e0041}'.repeat(500),
];

const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}[\p{Cf}--[\u200c\u200d]]]/v;
const LEGAL_KEY = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

function isWithin(text: string, bytes: number): boolean {
  return Buffer.byteLength(text) <= bytes && text.isWellFormed() && !UNFIT.test(text);
}

/** Checks the limits of the API server and of kubectl. */
function assertFit({ status, warnings = [], auditAnnotations = {} }: Partial<AdmissionResponse>): void {
  for (const text of [
    status?.message ?? '',
    ...(status?.details?.causes ?? []).map(({ message }) => message),
  ])
    assert.ok(isWithin(text, 1024), text);
  for (const warning of warnings) assert.ok(isWithin(warning, 1024) && warning.length <= 240, warning);
  assert.ok(warnings.join('').length <= 4096);
  for (const [key, value] of Object.entries(auditAnnotations)) {
    assert.match(key, LEGAL_KEY);
    assert.ok(isWithin(value, 1024), value);
  }
}

/** Requests with a text in each field that the sender can set. */
function requestsWith(text: string): readonly Request[] {
  const owner = { apiVersion: text, kind: text, name: text, controller: true };
  const bad = pod(
    { containers: { web: BAD } },
    { ownerReferences: [owner], labels: { 'pod-template-hash': text } },
  );
  const template = deployment({ containers: { [text]: BAD, b: `{{${text}}}` } }, { name: text });
  return [
    { object: pod({ containers: { web: text } }) },
    {
      object: podOf({
        containers: [
          { name: text, image: BAD },
          { name: text, image: text },
        ],
      }),
    },
    { object: podOf({ ...podSpec(), volumes: [{ name: text, image: { reference: text } }] }) },
    { object: bad },
    { object: { ...bad, spec: text } },
    { object: pod({ containers: { web: BAD } }, { name: text, namespace: text }), namespace: text },
    { object: pod({}, { namespace: text }) },
    { object: { ...pod(), kind: text } },
    { object: pod(), kind: { group: text, version: text, kind: 'PodList' } },
    { object: { kind: text }, kind: { group: '', version: 'v1', kind: `${text}List` } },
    { object: { kind: text }, kind: { group: text, version: 'v1', kind: text } },
    { object: template },
    { object: template, oldObject: template },
  ];
}

/** How both protocols refuse a body that is no review. */
interface Rejection {
  readonly error?: { readonly message: string };
  readonly status?: { readonly reason: string };
}

/** The answers of both protocols to a document, in a language. */
function answersOf(catalogue: Catalogue, request: Request, policy?: Policy): Partial<AdmissionResponse>[] {
  const admission = ask(admissionReviewIn(catalogue), admissionReviewOf(request), policy);
  const images = ask(imageReviewIn(catalogue), imageReviewOfImages([BAD, 'x:{tag}']), policy);
  const { reason, auditAnnotations } = images.body['status'] as {
    reason?: string;
  } & Partial<AdmissionResponse>;
  return [
    (admission.body['response'] ?? { status: admission.body['error'] }) as AdmissionResponse,
    {
      status: { message: reason ?? '' } as AdmissionResponse['status'] & object,
      ...(auditAnnotations && { auditAnnotations }),
    },
  ];
}

for (const catalogue of CATALOGUES) {
  const { language } = catalogue;
  describe(`hostile text in ${language}`, () => {
    for (const text of HOSTILE) {
      it(`K01 K02 K03 ${language}: ${oneLine(JSON.stringify(text.slice(0, 24)))} is escaped and bounded in each place`, async () => {
        const warning = await policyOf({
          disallowedTags: { tags: ['latest'] },
          validationActions: ['Warn', 'Audit'],
        });
        for (const request of requestsWith(text)) {
          for (const policy of [undefined, warning])
            for (const answer of answersOf(catalogue, request, policy)) assertFit(answer);
        }
      });
    }

    it(`K01 ${language}: five hundred causes and places fit, and the others are counted`, () => {
      const containers = Array.from({ length: 500 }, (_, index) => ({
        name: `\u001b${index}`.repeat(20),
        image: `${'bad\u0000'.repeat(index % 7)}${index}:-`,
      }));
      const [answer] = answersOf(catalogue, { object: podOf({ containers }) });
      assert.ok(answer?.status);
      assertFit(answer);
      assert.ok(Buffer.byteLength(answer.status.message) > 400, 'the room that there is is used');
    });

    it(`K02 ${language}: two hundred warnings fit, and the others are counted`, () => {
      const object = deployment({
        containers: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`c${index}`, BAD])),
      });
      const [answer] = answersOf(catalogue, { object, oldObject: object });
      assert.equal(answer?.warnings?.length, 13);
      assertFit(answer);
    });

    it(`K01 ${language}: parameters and messages of a policy are escaped and bounded as well`, async () => {
      const parameters = [
        { allowedTags: { semver: '>=1.0.0\n<2' } },
        { allowedTags: { pattern: `v[0-9](\n\u202e{tag})?` } },
        { allowedTags: { tags: Array.from({ length: 9 }, (_, index) => `${index}`.repeat(120)) } },
        { requiredDigest: {}, message: `a${'\u{1f6ab}'.repeat(127)}` },
        { requiredDigest: {}, message: '{reason} {tag}\u202e\u200f' },
      ];
      for (const parameter of parameters) {
        for (const validationActions of [['Deny'], ['Warn', 'Audit']] as ('Deny' | 'Warn' | 'Audit')[][]) {
          const policy = await policyOf({ ...parameter, validationActions });
          for (const answer of answersOf(catalogue, { object: pod({ containers: { web: BAD } }) }, policy)) {
            assertFit(answer);
            assert.doesNotMatch(JSON.stringify(answer), /undefined|NaN|\[object/);
          }
        }
      }
    });

    it(`K01 ${language}: a failed decision is reported in one line as well`, () => {
      const exchange = admissionReviewIn(catalogue).open(admissionReviewOf({ object: pod() }));
      for (const code of ['DEADLINE', 'INTERNAL', 'NO_POLICY', 'OVERLOADED'] as const) {
        for (const stage of STAGES) {
          const answer = JSON.parse(exchange.respond(applyStage(failed(code), stage)).body) as {
            readonly response: AdmissionResponse;
          };
          assertFit(answer.response);
        }
      }
    });

    it(`K06 K09 ${language}: a denial is a 403 with its codes, and contains nothing of other rules`, async () => {
      const policy = await policyOf(
        { name: 'no-latest', disallowedTags: { tags: ['latest', 'internal-tag'] } },
        { name: 'registries', allowedImages: { images: ['internal.corp.example/secret/**'] } },
        { name: 'other', match: { users: ['secret-admin'] }, requiredDigest: {} },
      );
      const [answer] = answersOf(catalogue, { object: pod({ containers: { web: BAD } }) }, policy);
      assert.deepEqual([answer?.status?.code, answer?.status?.reason], [403, 'Forbidden']);
      const codes = answer?.status?.details?.causes.map(({ reason }) => reason);
      assert.deepEqual(codes, ['DISALLOWED_TAG', 'IMAGE_NOT_ALLOWED']);
      assert.doesNotMatch(JSON.stringify(answer), /internal|secret/);
    });

    it(`K01 ${language}: a body that is no review is refused in one line as well`, () => {
      for (const protocol of [admissionReviewIn(catalogue), imageReviewIn(catalogue)]) {
        for (const document of [
          null,
          {},
          { kind: protocol.name },
          { kind: protocol.name, apiVersion: 'admission.k8s.io/v1' },
        ]) {
          try {
            protocol.open(document);
          } catch (error) {
            assert.ok(error instanceof MalformedReviewError);
            const { error: rejection, status } = JSON.parse(protocol.reject(error).body) as Rejection;
            assert.ok(isWithin(rejection?.message ?? status?.reason ?? '\n', 1024));
          }
        }
      }
    });
  });
}
