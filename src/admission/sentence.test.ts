import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectionTo } from '#test/phrases.ts';
import { BAD, pod, podOf } from '#test/pods.ts';
import { askAdmission } from '#test/verdicts.ts';
import type { ImageUse } from '../image/use.ts';
import { inEnglish } from '../language/catalogue.ts';
import { objection } from '../language/objection.ts';
import { oneLine } from '../language/one-line.ts';
import { phrase } from '../language/phrase.ts';
import type { Violation } from '../policy/decision.ts';
import { groupByCause, renderCause, renderNotice, renderObjection } from './sentence.ts';

const USE: ImageUse = {
  location: { kind: 'value', path: ['spec', 'containers', 0, 'image'] },
  usage: 'container',
  container: 'web',
  image: BAD,
};
const OWNER = { kind: 'Deployment', name: 'web' };
const WHY = 'tag "latest" is not allowed [rule no-latest]; name a fixed version or a digest';

function violation(parts: Partial<Violation> = {}): Violation {
  return { ...objectionTo(), actions: ['Deny'], rule: 'no-latest', use: USE, message: undefined, ...parts };
}

describe('violations of one cause', () => {
  it('have the same rule, code, reason and remedy', () => {
    const one = violation();
    const others: readonly Violation[] = [
      violation({ rule: 'another' }),
      violation({ code: 'TAG_NOT_ALLOWED' }),
      violation(objectionTo('1.0')),
      violation({ remedy: phrase('INVALID_REFERENCE.empty.remedy') }),
    ];
    assert.deepEqual(groupByCause([one, ...others]), [[one], ...others.map((other) => [other])]);
    const elsewhere = violation({ use: { ...USE, container: 'side' }, message: oneLine('other words') });
    assert.deepEqual(groupByCause([one, ...others, elsewhere])[0], [one, elsewhere]);
  });

  it('K01 are searched in the first sixteen causes only', () => {
    const many = Array.from({ length: 17 }, (_, index) => violation(objectionTo(`v${index}`)));
    const groups = groupByCause([...many, ...many]);
    assert.deepEqual(
      groups.map(({ length }) => length),
      [...Array<number>(16).fill(2), 1, 1],
    );
  });

  it('are none without violations', () => {
    assert.deepEqual(groupByCause([]), []);
  });
});

describe('the sentence of a cause', () => {
  it('contains the place as exactly as the protocol allows', () => {
    const sentences: readonly (readonly [Partial<ImageUse>, string])[] = [
      [{}, `${BAD} at spec.containers[0].image (container "web")`],
      [{ usage: 'imageVolume', container: 'v' }, `${BAD} at spec.containers[0].image (volume "v")`],
      [{ container: undefined }, `${BAD} at spec.containers[0].image`],
      [{ location: undefined }, BAD],
      [{ location: undefined, container: undefined, usage: undefined }, BAD],
    ];
    for (const [parts, place] of sentences) {
      const use = { ...USE, ...parts };
      assert.equal(renderCause([violation({ use })], inEnglish), `${place}: ${WHY}`);
    }
  });

  it('has no place if the whole object is wrong', () => {
    const whole = violation({ use: undefined });
    assert.equal(renderCause([whole], inEnglish), WHY);
    assert.equal(renderCause([whole, whole], inEnglish), WHY);
    assert.equal(renderCause([whole], inEnglish, { owner: OWNER }), `pod of Deployment web: ${WHY}`);
  });

  it('contains the other places, without violations that have no place', () => {
    const second = { kind: 'value', path: ['spec', 'containers', 1, 'image'] } as const;
    const side = violation({ use: { ...USE, container: 'side', location: second } });
    const places = `${BAD} at spec.containers[0].image (container "web"), ${BAD} at spec.containers[1].image (container "side")`;
    assert.equal(renderCause([violation(), side], inEnglish), `${places}: ${WHY}`);
    assert.equal(
      renderCause([violation(), violation({ use: undefined }), side], inEnglish),
      `${places}: ${WHY}`,
    );
  });

  it('has the owner after the places, and the message of the policy first', () => {
    const cause = [violation({ message: oneLine('no\nlatest') })] as const;
    assert.equal(
      renderCause(cause, inEnglish, { owner: OWNER }),
      `no\\u000alatest: ${BAD} at spec.containers[0].image (container "web") of Deployment web: ${WHY}`,
    );
  });

  it('contains the code if there is no rule', () => {
    const withoutRule = violation({ rule: undefined, ...objection('INVALID_REFERENCE.empty') });
    assert.equal(
      renderObjection(withoutRule, inEnglish),
      'the reference is empty [INVALID_REFERENCE]; name an image',
    );
  });

  it('K01 cuts each text of an object to its own limit', () => {
    const long = 'x'.repeat(2000);
    const path = Array.from({ length: 100 }, () => 'x'.repeat(60));
    const use = { ...USE, image: long, location: { kind: 'value', path } as const, container: long };
    const text = renderCause([violation({ use })], inEnglish, { owner: { kind: long, name: long } });
    const lengths = [...text.matchAll(/x[x.]*/g)].map(([run]) => run.replace('...', '').length);
    assert.deepEqual(lengths.slice(0, 5), [160, 256, 64, 64, 253]);
  });

  it('of a notice contains the place, if there is one', () => {
    const text = phrase('INVALID_REFERENCE.empty');
    assert.equal(
      renderNotice({ use: USE, text }, inEnglish),
      `${BAD} at spec.containers[0].image (container "web") the reference is empty`,
    );
    assert.equal(renderNotice({ use: undefined, text }, inEnglish), 'the reference is empty');
  });
});

describe('the owner of a pod', () => {
  const owned = {
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'backup', controller: true }],
  };

  it('is written once in a denial, and not in the causes for programs', () => {
    const containers = { web: BAD, side: 'nginx' };
    const { status } = askAdmission({ object: pod({ containers }, owned) });
    assert.equal(status?.message.split(' of Job backup').length, 2);
    assert.match(
      status?.message ?? '',
      /^Images using latest tag are not allowed: .*\(container "web"\) of Job backup: /,
    );
    for (const { message } of status?.details?.causes ?? []) assert.doesNotMatch(message, /backup/);
  });

  it('is also written if the pod cannot be read', () => {
    const { status } = askAdmission({ object: podOf({ containers: 'none' }, owned) });
    assert.match(status?.message ?? '', /^pod of Job backup: /);
  });
});
