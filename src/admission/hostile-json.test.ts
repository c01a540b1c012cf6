import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, GOOD, pod, podOf, podSpec } from '#test/pods.ts';
import { admissionReviewOf, crafted, UID } from '#test/reviews.ts';
import { ask, judge, summarise } from '#test/verdicts.ts';
import type { Fields } from '../document/json.ts';
import { admissionReview } from '#test/protocols.ts';

const BAD_POD = pod({ containers: { web: BAD } });

describe('JSON with a hidden meaning', () => {
  const text = (image: string): string =>
    JSON.stringify(admissionReviewOf({ object: pod({ containers: { web: image } }) }));

  it('F04 the last of duplicate keys is used, as in the decoder of the API server', () => {
    const last = text(GOOD).replace(JSON.stringify(GOOD), `"x:1","image":${JSON.stringify(BAD)}`);
    assert.match(ask(admissionReview, JSON.parse(last)).text, /"allowed":false.*DISALLOWED_TAG/);
    const twice = text(GOOD).replace(
      '"containers":',
      `"containers":[{"name":"web","image":${JSON.stringify(BAD)}}],"containers":`,
    );
    const { violations, uses } = judge({
      object: (JSON.parse(twice) as { request: { object: unknown } }).request.object,
    });
    assert.deepEqual([violations.length, uses.map(({ use }) => use.image)], [0, [GOOD]]);
  });

  it('F04 keys in another case are ignored', () => {
    const other = text(GOOD).replace('"containers":', '"Containers":');
    assert.match(
      ask(admissionReview, JSON.parse(other)).text,
      /"allowed":false.*spec\.containers is missing/,
    );
  });

  for (const key of ['__proto__', 'constructor', 'prototype']) {
    it(`F05 ${key} as a key, anywhere, changes nothing`, () => {
      const spec = { containers: [{ name: 'web', image: GOOD }], template: { spec: {} } };
      const payload = JSON.stringify({
        allowed: true,
        uid: UID,
        spec,
        metadata: {},
        image: GOOD,
        groups: ['system:nodes'],
      });
      const polluted = (review: Fields): unknown =>
        JSON.parse(JSON.stringify(review).replaceAll('{', `{"${key}":${payload},`).replaceAll(',}', '}'));
      const bad = ask(admissionReview, polluted(admissionReviewOf({ object: BAD_POD })));
      assert.match(bad.text, /"allowed":false.*DISALLOWED_TAG/);
      const good = ask(admissionReview, polluted(admissionReviewOf({ object: pod() })));
      assert.deepEqual(good.body['response'], { uid: UID, allowed: true });
      assert.equal(({} as Fields)['allowed'], undefined);
      const inherited = `{"${key}":${JSON.stringify({ spec: podSpec() })},"apiVersion":"v1","kind":"Pod"}`;
      const expected = ['refused', 'MALFORMED_OBJECT spec is not an object'];
      assert.deepEqual(summarise(judge({ object: JSON.parse(inherited) })), expected, 'nothing is inherited');
    });
  }

  it('F05 kinds, resources and versions that are named like parts of JavaScript objects have no effect', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const kind = { group: name, version: name, kind: name };
      const decision = judge({ object: { kind: name, apiVersion: `${name}/${name}` }, kind });
      assert.deepEqual([decision.outcome, decision.notices[0]?.code], ['admitted', 'UNKNOWN_KIND']);
      assert.equal(
        ask(admissionReview, crafted({ operation: name, object: BAD_POD })).body['kind'],
        'AdmissionReview',
      );
      assert.match(
        ask(admissionReview, crafted({ operation: name, object: BAD_POD })).text,
        /"allowed":false/,
      );
    }
  });

  it('F07 numbers that are too large change no verdict, and are no image', () => {
    for (const number of ['1e999', '-1e999', '-0', '12345678901234567890', '9007199254740993', '1e-999']) {
      const odd = (image: string, replicas: string): unknown =>
        JSON.parse(
          JSON.stringify(
            admissionReviewOf({
              object: podOf({ ...podSpec({ containers: { web: 'IMAGE' } }), replicas: 'N' }),
            }),
          )
            .replace('"IMAGE"', image)
            .replace('"N"', replicas),
        );
      assert.match(ask(admissionReview, odd(JSON.stringify(GOOD), number)).text, /"allowed":true/);
      assert.match(
        ask(admissionReview, odd(number, '1')).text,
        /"allowed":false.*image.* is \S+ and not text/,
      );
      assert.equal(ask(admissionReview, crafted({ uid: Number(number) })).status, 400);
    }
  });
});
