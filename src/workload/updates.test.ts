import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { BAD, deployment, GOOD, pod, podOf, type PodImages } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { judge, summarise } from '#test/verdicts.ts';

const OTHER_BAD = 'registry.example.com/team/other:latest';

/** An UPDATE: title, old images, new images, violations. */
const UPDATES: readonly (readonly [
  what: string,
  before: PodImages,
  after: PodImages,
  ...expected: string[],
])[] = [
  ['A08 good becomes bad', {}, { containers: { web: BAD } }, 'DISALLOWED_TAG spec.containers[0].image web'],
  [
    'A08 bad becomes another bad one',
    { containers: { web: BAD } },
    { containers: { web: OTHER_BAD } },
    'DISALLOWED_TAG spec.containers[0].image web',
  ],
  ['A08 bad becomes good', { containers: { web: BAD } }, {}],
  [
    'A08 an init container becomes bad',
    { initContainers: { first: GOOD } },
    { initContainers: { first: BAD } },
    'DISALLOWED_TAG spec.initContainers[0].image first',
  ],
  [
    'A08 one of two bad images changes: only that one is refused',
    { containers: { web: BAD, side: BAD } },
    { containers: { web: BAD, side: OTHER_BAD } },
    'DISALLOWED_TAG spec.containers[1].image side',
  ],
  [
    'A09 two containers swap their images',
    { containers: { web: GOOD, side: BAD } },
    { containers: { web: BAD, side: GOOD } },
    'DISALLOWED_TAG spec.containers[0].image web',
  ],
  [
    'A09 two bad images swap their containers',
    { containers: { web: BAD, side: OTHER_BAD } },
    { containers: { web: OTHER_BAD, side: BAD } },
    'DISALLOWED_TAG spec.containers[0].image web',
    'DISALLOWED_TAG spec.containers[1].image side',
  ],
  [
    'A09 containers in another order are the same containers',
    { containers: { web: GOOD, side: BAD } },
    { containers: { side: BAD, web: GOOD } },
  ],
  [
    'A09 a container under another name is another container',
    { containers: { web: BAD } },
    { containers: { wet: BAD } },
    'DISALLOWED_TAG spec.containers[0].image wet',
  ],
  [
    'A10 a bad image moves to the init containers',
    { containers: { web: BAD } },
    { initContainers: { web: BAD } },
    'DISALLOWED_TAG spec.initContainers[0].image web',
  ],
  [
    'A10 a bad image moves to an image volume of the same name',
    { containers: { web: BAD } },
    { volumes: { web: BAD } },
    'DISALLOWED_TAG spec.volumes[0].image.reference web',
  ],
  ['nothing changes', { containers: { web: BAD } }, { containers: { web: BAD } }],
];

describe('an UPDATE is judged by what it changes', () => {
  for (const [what, before, after, ...violations] of UPDATES) {
    it(what, () => {
      const decision = judge({ object: pod(after), oldObject: pod(before) });
      assert.deepEqual(summarise(decision), [
        violations.length === 0 ? 'admitted' : 'refused',
        ...violations,
      ]);
      assert.deepEqual(decision.notices, []);
    });
  }

  it('A04 kubectl debug: only the added ephemeral container is judged', () => {
    const before = pod({ containers: { web: BAD }, ephemeralContainers: { old: BAD } });
    const debug = (image: string): readonly string[] =>
      summarise(
        judge({
          object: pod({ containers: { web: BAD }, ephemeralContainers: { old: BAD, debug: image } }),
          oldObject: before,
          subResource: 'ephemeralcontainers',
        }),
      );
    assert.deepEqual(debug(GOOD), ['admitted']);
    assert.deepEqual(debug(BAD), ['refused', 'DISALLOWED_TAG spec.ephemeralContainers[1].image debug']);
  });

  it('A10 an image that moves to a list with a stricter rule is judged by that rule', async () => {
    const strict = await policyOf({
      match: { usages: ['initContainer'] },
      allowedImages: { images: ['registry.example.com/init/*'] },
    });
    const decision = judge({ object: pod({ initContainers: { web: GOOD } }), oldObject: pod() }, strict);
    assert.deepEqual(summarise(decision), ['refused', 'IMAGE_NOT_ALLOWED spec.initContainers[0].image web']);
  });

  it('A09 if two old containers have the same name, neither counts as unchanged', () => {
    const oldObject = podOf({
      containers: [
        { name: 'web', image: GOOD },
        { name: 'web', image: BAD },
      ],
    });
    const decision = judge({ object: pod({ containers: { web: BAD } }), oldObject });
    assert.deepEqual(summarise(decision), ['refused', 'DISALLOWED_TAG spec.containers[0].image web']);
  });

  for (const [what, oldObject] of [
    ['null', null],
    ['a string', 'x'],
    ['without a spec', podOf(undefined)],
    ['with a container that cannot be read', podOf({ containers: [{ name: 'web', image: BAD }, null] })],
  ] as const) {
    it(`an old object that is ${what} makes no image count as unchanged`, () => {
      const decision = judge({ object: pod({ containers: { web: BAD } }), oldObject, operation: 'UPDATE' });
      assert.deepEqual(summarise(decision), ['refused', 'DISALLOWED_TAG spec.containers[0].image web']);
    });
  }

  it('the old object of a CREATE is ignored', () => {
    const bad = pod({ containers: { web: BAD } });
    const decision = judge({ object: bad, oldObject: bad, operation: 'CREATE' });
    assert.deepEqual(summarise(decision), ['refused', 'DISALLOWED_TAG spec.containers[0].image web']);
  });
});

describe('a template that keeps a bad image', () => {
  const bad = deployment({ containers: { web: BAD, side: GOOD } });

  it('is admitted with a notice that names the image and its field', () => {
    const decision = judge({ object: bad, oldObject: bad });
    assert.deepEqual(summarise(decision), ['admitted']);
    const [notice, ...others] = decision.notices;
    assert.deepEqual([notice?.code, notice?.use?.container, others], ['UNCHANGED_VIOLATION', 'web', []]);
    assert.match(englishText(notice?.text), /new pods with it will be refused/);
  });

  it('is admitted without a notice if the rule only warns, because its new pods are admitted', async () => {
    const warn = await policyOf({ disallowedTags: { tags: ['latest'] }, validationActions: ['Warn'] });
    const decision = judge({ object: bad, oldObject: bad }, warn);
    assert.deepEqual([summarise(decision), decision.notices], [['admitted'], []]);
  });

  it('is refused if another bad image is added', () => {
    const object = deployment({ containers: { web: BAD, side: OTHER_BAD } });
    const decision = judge({ object, oldObject: bad });
    const expected = ['refused', 'DISALLOWED_TAG spec.template.spec.containers[1].image side'];
    assert.deepEqual(summarise(decision), expected);
    assert.deepEqual(
      decision.notices.map(({ code }) => code),
      ['UNCHANGED_VIOLATION'],
    );
  });

  it('is judged when a placeholder becomes a bad image', () => {
    const oldObject = deployment({ containers: { web: 'auto' } });
    const decision = judge({ object: deployment({ containers: { web: BAD } }), oldObject });
    const expected = ['refused', 'DISALLOWED_TAG spec.template.spec.containers[0].image web'];
    assert.deepEqual(summarise(decision), expected);
  });

  it('has the same images if only other fields of the spec change', () => {
    const scaled = { ...bad, spec: { ...(bad['spec'] as object), replicas: 0, paused: true } };
    assert.deepEqual(summarise(judge({ object: scaled, oldObject: bad })), ['admitted']);
  });
});
