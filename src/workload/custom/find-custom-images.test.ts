import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, GOOD, podSpec as podSpecOf } from '#test/pods.ts';
import type { Fields } from '../../document/json.ts';
import { MAX_IMAGES } from '../image-list.ts';
import { customKind, image, podSpec, within, type CustomKind, type ImageSource } from './custom-kind.ts';
import { findCustomImages, MAX_ITEMS, MAX_NESTING } from './find-custom-images.ts';
import { fieldOf } from '../../image/use.ts';

const STEPS = customKind('widgets.example.com', 'Widget', [image('spec.steps[*].image')]);

/** `field image` of each image, or the code and the field of the refusal. */
function read(kind: CustomKind, object: Fields): string {
  const images = findCustomImages(kind, object);
  if (images.kind === 'unreadable') return `${images.code} ${images.field}`;
  const lines = images.uses.map((use) => `${fieldOf(use)} ${use.image}`);
  return [...lines, ...images.placeholders.map((use) => `${fieldOf(use)} ?`)].join(', ');
}

function readSteps(...steps: readonly unknown[]): string {
  return read(STEPS, { spec: { steps } });
}

const NESTED = JSON.parse(`${'{"steps":'.repeat(100)}1${'}'.repeat(100)}`) as unknown;

describe('items that a path chooses by a field', () => {
  const chosen = (...fields: readonly unknown[]): string => {
    const kinds = ['true', '1', '2.50', 'a'].map((value) => image(`spec.steps[on=${value}].image`));
    const steps = fields.map((on, index) => ({ on, image: `i${index}` }));
    return read(customKind('w.example.com', 'W', kinds), { spec: { steps } });
  };

  it('A14 are found by a string, a number and a boolean of the same text', () => {
    assert.equal(chosen(true, 'true').match(/ i\d/g)?.join(''), ' i0 i1');
    assert.equal(chosen(1, '1', 2.5, '2.50', 'a').match(/ i\d/g)?.join(''), ' i0 i1 i2 i3 i4');
  });

  it('are not found by another value or another type', () => {
    assert.equal(chosen(false, 0, 11, 'b', null, {}, ['a'], 'True', undefined), '');
  });
});

describe('A14 a value of the wrong type', () => {
  for (const [what, value] of [
    ['a number', 7],
    ['an object', { name: GOOD }],
    ['a list', [GOOD]],
    ['a boolean', true],
    ['a hundred levels', NESTED],
  ] as const) {
    it(`A14 ${what} in place of an image is refused with its field, also beside a good image`, () => {
      assert.equal(readSteps({ image: GOOD }, { image: value }), 'MALFORMED_OBJECT spec.steps[1].image');
    });
  }

  for (const [what, object, field] of [
    ['spec a string', { spec: 'x' }, 'spec'],
    ['spec a list', { spec: [] }, 'spec'],
    ['steps an object', { spec: { steps: {} } }, 'spec.steps'],
    ['steps a string', { spec: { steps: GOOD } }, 'spec.steps'],
    ['a step a string', { spec: { steps: [GOOD] } }, 'spec.steps[0]'],
    ['a step null', { spec: { steps: [{ image: GOOD }, null] } }, 'spec.steps[1]'],
    ['a step a list', { spec: { steps: [[{ image: GOOD }]] } }, 'spec.steps[0]'],
  ] as const) {
    it(`A14 ${what} is refused`, () => assert.equal(read(STEPS, object), `MALFORMED_OBJECT ${field}`));
  }

  it('A14 a wrong map, a wrong tag and a wrong pod spec are refused', () => {
    const kinds = customKind('w.example.com', 'W', [
      image('spec.images{keys}', 'container', 'tags[*].tag'),
      podSpec('spec.pods.*'),
    ]);
    assert.equal(read(kinds, { spec: { images: [GOOD] } }), 'MALFORMED_OBJECT spec.images');
    const badTag = { spec: { images: { nginx: { tags: [{ tag: 1 }] } } } };
    assert.equal(read(kinds, badTag), 'MALFORMED_OBJECT spec.images.nginx.tags[0].tag');
    assert.equal(read(kinds, { spec: { pods: { a: 'x' } } }), 'MALFORMED_OBJECT spec.pods.a');
    const badImage = { spec: { pods: { a: { containers: [{ image: 1 }] } } } };
    assert.equal(read(kinds, badImage), 'MALFORMED_OBJECT spec.pods.a.containers[0].image');
  });

  it('A14 more images than the limit are refused', () => {
    const steps = (count: number): unknown[] => Array.from({ length: count }, () => ({ image: GOOD }));
    assert.equal(readSteps(...steps(10_000)), `TOO_MANY_IMAGES spec.steps[${MAX_IMAGES}].image`);
    assert.equal(readSteps(...steps(MAX_IMAGES + 1)), `TOO_MANY_IMAGES spec.steps[${MAX_IMAGES}].image`);
    assert.equal(readSteps(...steps(MAX_IMAGES)).split(', ').length, MAX_IMAGES);
  });

  it('A14 more items than the limit are refused, even without images', () => {
    const empty = (count: number): unknown[] => Array.from({ length: count }, () => ({}));
    assert.equal(readSteps(...empty(MAX_ITEMS)), '');
    assert.equal(readSteps(...empty(MAX_ITEMS + 1)), `TOO_MANY_IMAGES spec.steps[${MAX_ITEMS}]`);
    const map = customKind('w.example.com', 'W', [image('spec.*.image')]);
    const wide = Object.fromEntries(Array.from({ length: MAX_ITEMS + 1 }, (_, index) => [`k${index}`, {}]));
    assert.equal(read(map, { spec: wide }), `TOO_MANY_IMAGES spec.k${MAX_ITEMS}`);
  });

  it('A14 a part may contain itself eight times, and not nine', () => {
    const part: readonly ImageSource[] = [image('image'), within('inner', 'part', () => part)];
    const kind = customKind('w.example.com', 'W', [within('spec', 'part', () => part)]);
    const nest = (depth: number): unknown => (depth === 0 ? { image: GOOD } : { inner: nest(depth - 1) });
    const deepest = `spec${'.inner'.repeat(MAX_NESTING - 1)}.image ${GOOD}`;
    assert.equal(read(kind, { spec: nest(MAX_NESTING - 1) }), deepest);
    assert.equal(
      read(kind, { spec: nest(MAX_NESTING) }),
      `MALFORMED_OBJECT spec${'.inner'.repeat(MAX_NESTING)}`,
    );
    assert.match(read(kind, { spec: nest(1000) }), /^MALFORMED_OBJECT /);
  });
});

describe('a missing value of a custom resource', () => {
  it('is accepted at each step, and so is null on the way', () => {
    const kind = customKind('w.example.com', 'W', [
      podSpec('spec.template.spec'),
      image('spec.a.b[*].c.*.d'),
    ]);
    for (const spec of [
      undefined,
      null,
      {},
      { template: null },
      { template: { spec: {} } },
      { a: { b: [] } },
    ])
      assert.equal(read(kind, { spec }), '', JSON.stringify(spec));
    assert.equal(read(kind, { spec: { a: { b: [{ c: { x: {} } }, { c: null }, {}] } } }), '');
    assert.equal(read(kind, { spec: { template: { spec: { containers: [{ name: 'a' }] } } } }), '');
  });

  it('XH11 may be null or an empty text, also in a kind that is pulled without a pod', () => {
    for (const kind of [STEPS, { ...STEPS, template: false }])
      for (const value of [null, '', undefined])
        assert.equal(
          read(kind, { spec: { steps: [{ image: value }, { image: GOOD }] } }),
          `spec.steps[1].image ${GOOD}`,
        );
    const pods = customKind('w.example.com', 'W', [podSpec('spec')]);
    const spec = { containers: [{ image: null }, { image: '' }], volumes: [{ image: { reference: '' } }] };
    assert.equal(read(pods, { spec }), '');
  });

  it('XH11 a tag that is missing, null or empty is the default tag of its repository', () => {
    const kind = customKind('w.example.com', 'W', [image('spec{keys}', 'container', 'tags[*].tag')], {
      template: false,
    });
    for (const item of [{}, { tag: null }, { tag: '' }])
      assert.equal(
        read(kind, { spec: { nginx: { tags: [{ tag: '1' }, item] } } }),
        'spec.nginx.tags[0].tag nginx:1, spec.nginx.tags[1].tag nginx',
      );
  });

  it('is a placeholder in a template, and refused in a kind that is not one', () => {
    const blanks = ['$(params.x)', '{{inputs.x}}', 'auto', ' '];
    const steps = blanks.map((blank) => ({ image: blank }));
    assert.equal(readSteps(...steps), steps.map((_, index) => `spec.steps[${index}].image ?`).join(', '));
    const final = { ...STEPS, template: false };
    assert.equal(read(final, { spec: { steps: [{ image: 'auto' }] } }), 'spec.steps[0].image auto');
  });
});

describe('names and keys of the requester', () => {
  const replicas = customKind('w.example.com', 'W', [podSpec('spec.replicas.*.spec')]);

  it('F05 have no special meaning', () => {
    for (const key of ['__proto__', 'constructor', 'toString', 'length']) {
      const object = JSON.parse(
        `{"spec":{"replicas":{"${key}":{"spec":{"containers":[{"name":"a","image":"${BAD}"}]}}}}}`,
      ) as Fields;
      assert.equal(read(replicas, object), `spec.replicas.${key}.spec.containers[0].image ${BAD}`);
      const named = customKind('w.example.com', 'W', [image(`spec.${key}.image`)]);
      assert.equal(read(named, { spec: {} }), '', 'what every object inherits is no field');
      assert.equal(
        read(named, JSON.parse(`{"spec":{"${key}":{"image":"${BAD}"}}}`) as Fields),
        `spec.${key}.image ${BAD}`,
      );
    }
    assert.equal(({} as Fields)['image'], undefined);
  });

  it('K01 are quoted and cut in a field', () => {
    const keys = ['a.b/c', 'line\nbreak', '\u001b[31m', 'x'.repeat(1000)];
    const object = {
      spec: { replicas: Object.fromEntries(keys.map((key) => [key, { spec: podSpecOf() }])) },
    };
    const images = findCustomImages(replicas, object);
    assert.ok(images.kind === 'list');
    const fields = images.uses.map((use) => fieldOf(use) ?? '');
    assert.equal(fields[0], 'spec.replicas["a.b/c"].spec.containers[0].image');
    for (const field of fields) {
      assert.match(field, /^[\x20-\x7e]+$/);
      assert.ok(field.length < 400);
    }
  });

  it('are different if only their ends differ, where a message cuts them', () => {
    const long = 'k'.repeat(300);
    const kind = customKind('w.example.com', 'W', [image('spec.*.image'), image('spec.*.image')]);
    const images = findCustomImages(kind, {
      spec: { [`${long}1`]: { image: GOOD }, [`${long}2`]: { image: GOOD } },
    });
    assert.ok(images.kind === 'list');
    assert.deepEqual(
      images.uses.map(({ location }) => location?.path),
      [
        ['spec', `${long}1`, 'image'],
        ['spec', `${long}2`, 'image'],
      ],
    );
  });

  it('F19 are not repeated for each image if they are too long', () => {
    const long = 'x'.repeat(100_000);
    const tasks = customKind('w.example.com', 'W', [image('spec.*[*].steps[*].image')]);
    const steps = Array.from({ length: MAX_IMAGES }, () => ({ image: GOOD }));
    const images = findCustomImages(tasks, { spec: { [long]: [{ name: long, steps }] } });
    assert.ok(images.kind === 'list');
    assert.equal(images.uses.length, MAX_IMAGES);
    assert.deepEqual(new Set(images.uses.map(({ container }) => container)), new Set([undefined]));
    assert.equal(
      new Set(images.uses.map(images.identify)).size,
      MAX_IMAGES,
      'each has an identity of its own',
    );
    for (const use of images.uses) {
      assert.ok((fieldOf(use)?.length ?? 0) < 400);
      assert.ok(images.identify(use).length < 100);
    }
  });

  it('F19 a repository that is too long is not repeated for each of its tags', () => {
    const tagged = customKind('w.example.com', 'W', [image('spec{keys}', 'container', 'tags[*].tag')], {
      template: false,
    });
    const tags = Array.from({ length: 400 }, (_, index) => ({ tag: `${index}` }));
    const images = findCustomImages(tagged, { spec: { ['x'.repeat(1025)]: { tags } } });
    assert.ok(images.kind === 'list');
    assert.equal(images.uses.length, 1);
    const good = findCustomImages(tagged, { spec: { ['x'.repeat(200)]: { tags }, nginx: null } });
    assert.ok(good.kind === 'list');
    assert.equal(good.uses.length, 401);
  });
});
