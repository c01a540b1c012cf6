import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Decision } from '../policy/decision.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { readReviewHead } from './review-head.ts';

const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';
const HEAD = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"${UID}",`;

const overloaded: Decision = {
  outcome: 'failed',
  code: 'OVERLOADED',
  policy: undefined,
  uses: [],
  notices: [],
  violations: [],
};

function headOf(text: string) {
  return readReviewHead(Buffer.from(text));
}

describe('the head of a review', () => {
  it('F20 is read from a body of the API server, whatever follows it', () => {
    const expected = { apiVersion: 'admission.k8s.io/v1', uid: UID };
    for (const rest of ['', '"kind":{}}}', '\u0000', 'x'.repeat(1_000_000)])
      assert.deepEqual(headOf(HEAD + rest), expected);
    const beta = HEAD.replace('/v1', '/v1beta1');
    assert.deepEqual(headOf(beta), { ...expected, apiVersion: 'admission.k8s.io/v1beta1' });
  });

  it('F20 is read from every recorded review of a real API server', () => {
    const folder = fileURLToPath(new URL('../../test/recordings/v1.37.1', import.meta.url));
    let found = 0;
    for (const name of readdirSync(folder)) {
      const { request } = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as {
        request: { kind: string; apiVersion: string; request?: { uid: string } };
      };
      if (request.kind !== 'AdmissionReview') continue;
      const { apiVersion } = request;
      assert.deepEqual(headOf(JSON.stringify(request)), { apiVersion, uid: request.request?.uid }, name);
      found += 1;
    }
    assert.ok(found > 10);
  });

  it('F20 is undefined if one byte differs from the form of the API server', () => {
    const wrong = [
      '',
      ` ${HEAD}`,
      HEAD.slice(0, -1),
      HEAD.slice(0, -2),
      HEAD.replace('"kind":"AdmissionReview",', ''),
      HEAD.replace('AdmissionReview', 'ImageReview'),
      HEAD.replace('/v1"', '/v2"'),
      HEAD.replace('admission.k8s.io', 'admissionXk8s.io'),
      HEAD.replace('"request":', '"Request":'),
      HEAD.replace('"request":{', '"request":{"name":"x",'),
      HEAD.replace('"request":{', '"request": {'),
      HEAD.replace(UID, UID.toUpperCase()),
      HEAD.replace(UID, `${UID}0`),
      HEAD.replace(UID, UID.slice(1)),
      HEAD.replace(UID, String.raw`705ab4f5-6393-11e8-b7cc-42010a80000\u0032`),
      HEAD.replace(UID, 'x'.repeat(36)),
    ];
    for (const text of wrong) assert.equal(headOf(text), undefined, text);
    assert.equal(readReviewHead(Buffer.from(HEAD, 'utf16le')), undefined);
  });

  it('F20 is used for refusals only; a second uid later in the body has no effect', () => {
    const forged = `${HEAD}"object":{}},"request":{"uid":"another"}}`;
    const { body } = admissionReview.respondFromHead(Buffer.from(forged))?.(overloaded) ?? assert.fail();
    const { apiVersion, kind, response } = JSON.parse(body);
    assert.deepEqual([apiVersion, kind], ['admission.k8s.io/v1', 'AdmissionReview']);
    assert.deepEqual([response.uid, response.allowed, response.status.code], [UID, false, 403]);
    assert.match(response.status.message, /OVERLOADED/);
    assert.equal(admissionReview.respondFromHead(Buffer.from('{}')), undefined);
  });

  it('an ImageReview is refused whatever its first bytes are, because it has no uid', () => {
    const { status, body } = imageReview.respondFromHead(Buffer.alloc(0))?.(overloaded) ?? assert.fail();
    const answer = JSON.parse(body);
    assert.deepEqual([status, answer.kind, answer.status.allowed], [200, 'ImageReview', false]);
    assert.match(answer.status.reason, /OVERLOADED/);
  });
});
