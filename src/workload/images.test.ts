import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BAD, deployment, GOOD, pod, podOf, podSpec, workload } from '#test/pods.ts';
import { judge, summarise } from '#test/verdicts.ts';
import { MAX_IMAGES } from './image-list.ts';

describe('the images of a pod are found in all its lists', () => {
  it('A01 a bad init container beside a good container is refused and named', () => {
    const decision = judge({ object: pod({ initContainers: { first: GOOD, second: BAD } }) });
    assert.deepEqual(summarise(decision), ['refused', 'DISALLOWED_TAG spec.initContainers[1].image second']);
    assert.equal(decision.violations[0]?.use?.usage, 'initContainer');
  });

  it('A02 a bad ephemeral container in the body of a new pod is refused', () => {
    const decision = judge({ object: pod({ ephemeralContainers: { debug: BAD } }) });
    assert.deepEqual(summarise(decision), [
      'refused',
      'DISALLOWED_TAG spec.ephemeralContainers[0].image debug',
    ]);
    assert.equal(decision.violations[0]?.use?.usage, 'ephemeralContainer');
  });

  it('A07 a bad image volume is refused, and other volumes are ignored', () => {
    const volumes = [
      { name: 'config', configMap: { name: 'x' } },
      { name: 'rbd', rbd: { image: BAD } },
      { name: 'model', image: { reference: BAD, pullPolicy: 'Always' } },
    ];
    const decision = judge({ object: podOf({ ...podSpec(), volumes }) });
    assert.deepEqual(summarise(decision), [
      'refused',
      'DISALLOWED_TAG spec.volumes[2].image.reference model',
    ]);
    assert.equal(decision.violations[0]?.use?.usage, 'imageVolume');
  });

  it('all bad images are reported together, in the order of the object', () => {
    const images = {
      containers: { web: BAD, side: GOOD },
      initContainers: { first: BAD },
      volumes: { v: BAD },
    };
    assert.deepEqual(summarise(judge({ object: pod(images) })), [
      'refused',
      'DISALLOWED_TAG spec.containers[0].image web',
      'DISALLOWED_TAG spec.initContainers[0].image first',
      'DISALLOWED_TAG spec.volumes[0].image.reference v',
    ]);
  });
});

describe('A03 the EphemeralContainers of Kubernetes 1.16 to 1.21', () => {
  const put = (list: unknown): readonly string[] =>
    summarise(
      judge({
        object: workload('v1', 'EphemeralContainers', '', { ephemeralContainers: list }),
        oldObject: workload('v1', 'EphemeralContainers', '', { ephemeralContainers: [] }),
        subResource: 'ephemeralcontainers',
      }),
    );

  it('A03 a bad image in the list at the top level is refused', () => {
    const expected = ['refused', 'DISALLOWED_TAG ephemeralContainers[0].image debug'];
    assert.deepEqual(put([{ name: 'debug', image: BAD }]), expected);
  });

  it('A03 a good image and an empty list are admitted', () => {
    assert.deepEqual(put([{ name: 'debug', image: GOOD }]), ['admitted']);
    assert.deepEqual(put([]), ['admitted']);
  });

  it('X14 null in place of the list is an empty list, as Go writes it', () => {
    assert.deepEqual(put(null), ['admitted']);
  });

  it('A03 a missing list is refused, even if another list exists', () => {
    const missing = ['refused', 'MALFORMED_OBJECT ephemeralContainers is missing'];
    assert.deepEqual(put(undefined), missing);
    const object = workload('v1', 'EphemeralContainers', 'spec', podSpec());
    assert.deepEqual(summarise(judge({ object, subResource: 'ephemeralcontainers' })), missing);
  });
});

/** A malformed `PodSpec`, and the reason in the denial. */
const MALFORMED: readonly (readonly [what: string, spec: unknown, says: string])[] = [
  ['spec null', null, 'spec is not an object'],
  ['spec missing', undefined, 'spec is not an object'],
  ['spec a list', [], 'spec is not an object'],
  ['spec a string', 'nginx', 'spec is not an object'],
  ['containers missing', {}, 'spec.containers is missing'],
  ['containers null', { containers: null }, 'spec.containers is missing'],
  ['containers empty', { containers: [] }, 'spec.containers is empty'],
  ['containers an object', { containers: {} }, 'spec.containers is not a list'],
  ['containers array-like', { containers: { length: 0 } }, 'spec.containers is not a list'],
  ['containers a string', { containers: 'x' }, 'spec.containers is not a list'],
  ['container null', { containers: [null] }, 'spec.containers[0] is not an object'],
  ['container a string', { containers: ['nginx:1'] }, 'spec.containers[0] is not an object'],
  ['container a list', { containers: [['nginx:1']] }, 'spec.containers[0] is not an object'],
  ['image a number', { containers: [{ image: 1 }] }, 'spec.containers[0].image is 1 and not text'],
  ['image a boolean', { containers: [{ image: true }] }, 'spec.containers[0].image is true and not text'],
  ['image null', { containers: [{ image: null }] }, 'spec.containers[0].image is missing'],
  ['image a list', { containers: [{ image: [GOOD] }] }, 'spec.containers[0].image is not a string'],
  ['image an object', { containers: [{ image: {} }] }, 'spec.containers[0].image is not a string'],
  ['init containers a string', { ...podSpec(), initContainers: 'x' }, 'spec.initContainers is not a list'],
  [
    'init container null',
    { ...podSpec(), initContainers: [null] },
    'spec.initContainers[0] is not an object',
  ],
  [
    'ephemeral an object',
    { ...podSpec(), ephemeralContainers: {} },
    'spec.ephemeralContainers is not a list',
  ],
  ['volumes an object', { ...podSpec(), volumes: {} }, 'spec.volumes is not a list'],
  ['volume a string', { ...podSpec(), volumes: ['x'] }, 'spec.volumes[0] is not an object'],
  [
    'image volume a string',
    { ...podSpec(), volumes: [{ image: GOOD }] },
    'spec.volumes[0].image is not an object',
  ],
  ['no reference', { ...podSpec(), volumes: [{ image: {} }] }, 'spec.volumes[0].image.reference is missing'],
  [
    'reference a number',
    { ...podSpec(), volumes: [{ image: { reference: 0 } }] },
    'spec.volumes[0].image.reference is 0 and not text',
  ],
];

describe('an object that cannot be read is refused', () => {
  for (const [what, spec, says] of MALFORMED) {
    it(`A16 ${what}: ${says}`, () => {
      assert.deepEqual(summarise(judge({ object: podOf(spec) })), ['refused', `MALFORMED_OBJECT ${says}`]);
    });
  }

  it('A16 one unreadable entry refuses the object, whatever the other entries are', () => {
    const containers = [{ name: 'web', image: GOOD }, null];
    const expected = ['refused', 'MALFORMED_OBJECT spec.containers[1] is not an object'];
    assert.deepEqual(summarise(judge({ object: podOf({ containers }) })), expected);
  });

  it('an optional list may be null or empty', () => {
    const none = { initContainers: null, ephemeralContainers: null, volumes: null };
    assert.deepEqual(summarise(judge({ object: podOf({ ...podSpec(), ...none }) })), ['admitted']);
    const empty = { initContainers: [], ephemeralContainers: [], volumes: [] };
    assert.deepEqual(summarise(judge({ object: podOf({ ...podSpec(), ...empty }) })), ['admitted']);
  });
});

describe('A17 a missing image', () => {
  for (const [kind, prefix, of] of [
    ['Pod', 'spec', podOf],
    ['Deployment', 'spec.template.spec', template],
  ] as const) {
    it(`A17 a missing image is refused in a ${kind}; null and an empty text are missing, too`, () => {
      for (const image of [undefined, null, ''])
        assert.deepEqual(summarise(judge({ object: of({ containers: [{ name: 'web', image }] }) })), [
          'refused',
          `MALFORMED_OBJECT ${prefix}.containers[0].image (container "web") is missing`,
        ]);
    });
  }

  for (const image of ['auto', ' ', '$(params.image)', '{{workflow.parameters.image}}', 'app:{{ tag }}']) {
    it(`A17 the placeholder ${JSON.stringify(image)} gives a notice in a template and is refused in a pod`, () => {
      const decision = judge({ object: deployment({ containers: { web: image } }) });
      assert.deepEqual(summarise(decision), ['admitted']);
      const [notice] = decision.notices;
      assert.deepEqual([notice?.code, notice?.use?.container], ['PLACEHOLDER', 'web']);
      assert.deepEqual(summarise(judge({ object: pod({ containers: { web: image } }) }))[0], 'refused');
    });
  }

  it('A17 a bad image beside a placeholder is refused', () => {
    const object = deployment({ containers: { proxy: 'auto', web: BAD } });
    const expected = ['refused', 'DISALLOWED_TAG spec.template.spec.containers[1].image web'];
    assert.deepEqual(summarise(judge({ object })), expected);
  });

  for (const image of [{}, { reference: null }, { reference: '' }]) {
    it(`X09 an image volume ${JSON.stringify(image)} has no reference: a controller may fill it in, in a template only`, () => {
      const spec = { ...podSpec(), volumes: [{ name: 'v', image: { ...image, pullPolicy: 'Always' } }] };
      const decision = judge({ object: template(spec) });
      assert.deepEqual(summarise(decision), ['admitted']);
      const [notice] = decision.notices;
      assert.deepEqual(
        [notice?.code, notice?.use?.usage, notice?.use?.image],
        ['PLACEHOLDER', 'imageVolume', ''],
      );
      assert.deepEqual(summarise(judge({ object: podOf(spec) })), [
        'refused',
        'MALFORMED_OBJECT spec.volumes[0].image.reference (volume "v") is missing',
      ]);
    });
  }

  it('X09 an empty name of a container is a missing name', () => {
    const [violation] = judge({ object: podOf({ containers: [{ name: '', image: BAD }] }) }).violations;
    assert.equal(violation?.use?.container, undefined);
  });
});

describe('text around and inside an image is not trimmed', () => {
  for (const image of [
    ' nginx:1.0',
    'nginx:1.0 ',
    'nginx:1.0\n',
    '\tnginx:1.0',
    '  ',
    '\n',
    '\u00a0nginx:1.0',
  ]) {
    it(`A18 ${JSON.stringify(image)} is refused in a template and in a pod`, () => {
      for (const [object, field] of [
        [deployment({ containers: { web: image } }), 'spec.template.spec.containers[0].image'],
        [pod({ containers: { web: image } }), 'spec.containers[0].image'],
      ] as const) {
        assert.deepEqual(summarise(judge({ object })), ['refused', `INVALID_REFERENCE ${field} web`]);
      }
    });
  }

  for (const image of [
    'nginx\n:1.0',
    'nginx\u0000:1.0',
    'nginx:1.0\u0000',
    'good/app:1\nevil/app:1',
    'nginx:1\r\n.0',
  ]) {
    it(`A19 ${JSON.stringify(image)} is refused`, () => {
      const decision = judge({ object: pod({ containers: { web: image } }) });
      assert.deepEqual(summarise(decision), ['refused', 'INVALID_REFERENCE spec.containers[0].image web']);
    });
  }
});

describe('F19 an object has a limited number of images', () => {
  const containers = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: GOOD }));

  it('F19 ten thousand containers are refused in less than a second', () => {
    const object = podOf({ containers: containers(10_000) });
    const started = performance.now();
    const [outcome, violation = ''] = summarise(judge({ object }));
    assert.ok(performance.now() - started < 1000);
    assert.equal(outcome, 'refused');
    assert.match(
      violation,
      /^TOO_MANY_IMAGES with spec\.containers the object has 10000 images or more; the gate judges at most 500/,
    );
  });

  it(`F19 ${MAX_IMAGES} images are judged and one more is refused, however they are spread`, () => {
    const half = MAX_IMAGES / 2;
    const spread = (more: number): object =>
      podOf({ containers: containers(half), initContainers: containers(half + more) });
    assert.deepEqual(summarise(judge({ object: spread(0) })), ['admitted']);
    assert.match(summarise(judge({ object: spread(1) })).join(' '), /^refused TOO_MANY_IMAGES /);
    assert.deepEqual(summarise(judge({ object: podOf({ containers: containers(MAX_IMAGES) }) })), [
      'admitted',
    ]);
  });

  it('F19 placeholders and image volumes count like any image', () => {
    const volumes = Array.from({ length: MAX_IMAGES }, (_, index) => ({ name: `v${index}`, image: {} }));
    const object = template({ ...podSpec(), volumes });
    assert.match(summarise(judge({ object })).join(' '), /^refused TOO_MANY_IMAGES /);
  });
});

function template(spec: unknown): ReturnType<typeof podOf> {
  return workload('apps/v1', 'Deployment', 'spec.template.spec', spec);
}
