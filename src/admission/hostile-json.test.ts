import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, GOOD, pod, podOf, podSpec } from '#test/pods.ts';
import { admissionReviewOf, crafted, UID } from '#test/reviews.ts';
import { ask, judge, summarise } from '#test/verdicts.ts';
import type { Fields } from '../document/json.ts';
import { admissionReview } from '#test/protocols.ts';

const BAD_POD = pod({ containers: { web: BAD } });

describe('F03 nesting of any depth', () => {
  for (const depth of [100, 10_000, 100_000]) {
    const nested = (key: string): string => `${`{"${key}":`.repeat(depth)}1${'}'.repeat(depth)}`;
    const lists = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    /** A review as text, since neither JSON.stringify nor a recursive walk survives this. */
    const parse = (metadata: string, image: string): unknown =>
      JSON.parse(
        JSON.stringify(
          admissionReviewOf({ object: pod({ containers: { web: 'IMAGE' } }, { annotations: 'DEEP' }) }),
        )
          .replace('"DEEP"', metadata)
          .replace('"IMAGE"', image),
      );

    it(`F03 ${depth} levels in the annotations change no verdict`, () => {
      for (const annotations of [nested('a'), lists, `{"x":${nested('metadata')}}`]) {
        const good = ask(admissionReview, parse(annotations, JSON.stringify(GOOD)));
        assert.deepEqual(good.body['response'], { uid: UID, allowed: true });
        const bad = ask(admissionReview, parse(annotations, JSON.stringify(BAD)));
        assert.match(bad.text, /"allowed":false.*DISALLOWED_TAG/);
      }
    });

    it(`F03 ${depth} levels as the image are refused`, () => {
      for (const image of [nested('image'), lists]) {
        const reply = ask(admissionReview, parse('{}', image));
        assert.match(reply.text, /"allowed":false.*spec\.containers\[0\]\.image is not a string/);
      }
    });

    it(`F03 ${depth} levels as the whole document, the request or its kind are no review`, () => {
      for (const document of [JSON.parse(lists) as unknown, JSON.parse(nested('request')) as unknown]) {
        assert.equal(ask(admissionReview, document).status, 400);
      }
      assert.equal(ask(admissionReview, crafted({ uid: JSON.parse(lists) as unknown })).status, 400);
      const reply = ask(admissionReview, crafted({ kind: JSON.parse(nested('kind')) as unknown }));
      assert.match(reply.text, /"allowed":false/);
    });
  }
});

describe('JSON that says something else than it seems to', () => {
  const text = (image: string): string =>
    JSON.stringify(admissionReviewOf({ object: pod({ containers: { web: image } }) }));

  it('F04 of duplicate keys the last one counts, as it does for the API server’s own decoder', () => {
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

  it('F04 keys that differ by their case are other keys, and none of ours', () => {
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

  it('F05 kinds, resources and versions named like parts of objects are nothing special', () => {
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

  it('F07 numbers beyond what a number can hold change no verdict, and are no image', () => {
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
      assert.match(ask(admissionReview, odd(number, '1')).text, /"allowed":false.*image is not a string/);
      assert.equal(ask(admissionReview, crafted({ uid: Number(number) })).status, 400);
    }
  });
});
