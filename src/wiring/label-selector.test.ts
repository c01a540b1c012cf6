import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeSelector, keysOf, selects } from './label-selector.ts';

const one = (operator: string, values: readonly string[] = []): object => ({
  matchExpressions: [{ key: 'a', operator, values }],
});

describe('a selector', () => {
  const CASES: readonly (readonly [selector: object, labels: Record<string, string>, selected: boolean])[] = [
    [{}, {}, true],
    [{ matchLabels: { a: '1' } }, { a: '1', b: '2' }, true],
    [{ matchLabels: { a: '1' } }, { a: '2' }, false],
    [one('In', ['1', '2']), { a: '2' }, true],
    [one('In', ['1', '2']), {}, false],
    [one('NotIn', ['1']), { a: '1' }, false],
    [one('NotIn', ['1']), {}, true],
    [one('Exists'), { a: '' }, true],
    [one('Exists'), {}, false],
    [one('DoesNotExist'), {}, true],
    [one('DoesNotExist'), { a: '' }, false],
    [one('Gt', ['0']), { a: '1' }, false],
  ];
  for (const [selector, labels, selected] of CASES) {
    it(`${JSON.stringify(selector)} ${selected ? 'selects' : 'does not select'} ${JSON.stringify(labels)}`, () =>
      assert.equal(selects(selector, labels), selected));
  }

  it('has each of its keys once', () => {
    assert.deepEqual(keysOf({ matchLabels: { a: '1', b: '2' }, ...one('Exists') }), ['a', 'b']);
    assert.deepEqual(keysOf({}), []);
  });

  it('selects nothing if it cannot be read', () => {
    for (const nothing of [undefined, null, {}, { matchLabels: null, matchExpressions: null }])
      assert.ok(selects(decodeSelector(nothing), {}), JSON.stringify(nothing));
    const odd = [
      'x',
      [],
      { matchLabels: 'x' },
      { matchLabels: { a: 1 } },
      { matchExpressions: 'x' },
      { matchExpressions: [null] },
      { matchExpressions: [{ key: 'a' }] },
      { matchExpressions: [{ key: 'a', operator: 'In', values: 'x' }] },
    ];
    for (const selector of odd) {
      assert.ok(!selects(decodeSelector(selector), { a: 'x' }), JSON.stringify(selector));
      assert.deepEqual(keysOf(decodeSelector(selector)), ['(unreadable)']);
    }
  });
});
