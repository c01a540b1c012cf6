import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertRefused, type BadPolicy, HEAD, HERE } from '#test/bad-policies.ts';
import { NO_LATEST, policyDocument } from '#test/policies.ts';
import { BAD, GOOD, podSpec, workload } from '#test/pods.ts';
import { judge, summarise } from '#test/verdicts.ts';
import { decodePolicy } from './decode.ts';
import type { Policy } from './policy.ts';
import type { CustomResourceDocument } from './schema.ts';
import { fieldOf } from '../image/use.ts';

const WIDGET: CustomResourceDocument = {
  resource: 'widgets.example.com',
  kind: 'Widget',
  images: [{ image: 'spec.image' }],
} as const;

function policyWith(...customResources: CustomResourceDocument[]): Promise<Policy> {
  const document = policyDocument([{ disallowedTags: { tags: ['latest'] } }]);
  const own = customResources.length > 0 && { customResources };
  return decodePolicy({ ...document, spec: { ...document.spec, ...own } });
}

const widget = (spec: unknown) => workload('example.com/v1', 'Widget', 'spec', spec);

describe('custom resources of a policy', () => {
  it('are judged by the images at their paths, under their usages', async () => {
    const policy = await policyWith({
      ...WIDGET,
      images: [
        { podSpec: 'spec.template.spec' },
        { image: 'spec.steps[*].image', usage: 'initContainer' },
        { image: 'spec.mirrors{keys}' },
      ],
    });
    const spec = {
      template: { spec: podSpec({ containers: { web: BAD } }) },
      steps: [{ name: 'a', image: BAD }],
      mirrors: { [BAD]: {} },
    };
    const decision = judge({ object: widget(spec) }, policy);
    assert.deepEqual(
      decision.violations.map(({ use }) => [use && fieldOf(use), use?.usage]),
      [
        ['spec.template.spec.containers[0].image', 'container'],
        ['spec.steps[0].image', 'initContainer'],
        [`spec.mirrors["${BAD}"]`, 'container'],
      ],
    );
    assert.deepEqual(summarise(judge({ object: widget({ template: {} }) }, policy)), ['admitted']);
  });

  it('are templates by default', async () => {
    const object = widget({ image: '$(image)' });
    const template = judge({ object }, await policyWith(WIDGET));
    assert.deepEqual([template.outcome, template.notices[0]?.code], ['admitted', 'PLACEHOLDER']);
    const final = judge({ object }, await policyWith({ ...WIDGET, template: false }));
    assert.equal(final.outcome, 'refused');
  });

  it('add paths to a kind that the gate knows, and never remove one', async () => {
    const policy = await policyWith({
      resource: 'rollouts.argoproj.io',
      kind: 'Rollout',
      images: [{ image: 'spec.extra' }],
    });
    const spec = { template: { spec: podSpec({ containers: { web: BAD } }) }, extra: BAD };
    const object = workload('argoproj.io/v1alpha1', 'Rollout', 'spec', spec);
    const fields = (by: Policy): unknown =>
      judge({ object }, by).violations.map(({ use }) => use && fieldOf(use));
    assert.deepEqual(fields(policy), ['spec.template.spec.containers[0].image', 'spec.extra']);
    assert.deepEqual(
      fields(NO_LATEST),
      ['spec.template.spec.containers[0].image'],
      'a policy without custom resources',
    );
  });

  it('A32 may repeat a built-in path; an unchanged image is still kept', async () => {
    const repeated = { images: [{ podSpec: 'spec.template.spec' }] };
    const policy = await policyWith({ resource: 'rollouts.argoproj.io', kind: 'Rollout', ...repeated });
    const template = { spec: podSpec({ containers: { web: BAD } }) };
    const rollout = (replicas: number) =>
      workload('argoproj.io/v1alpha1', 'Rollout', 'spec', { replicas, template });
    assert.equal(judge({ object: rollout(1), oldObject: rollout(2) }, policy).outcome, 'admitted');
  });

  it('A14 cannot turn a kind whose images are pulled without a pod into a template', async () => {
    const widened = { images: [{ image: 'spec.extra' }], template: true };
    const kind = { resource: 'imagepulljobs.apps.kruise.io', kind: 'ImagePullJob' };
    const object = workload('apps.kruise.io/v1beta1', 'ImagePullJob', 'spec', { image: 'auto' });
    // In a template it would be a placeholder.
    assert.equal(judge({ object }, await policyWith({ ...kind, ...widened })).outcome, 'refused');
  });

  it('belong to their policy only: an earlier or later policy does not have them', async () => {
    const object = widget({ image: BAD });
    const before = await policyWith();
    const policy = await policyWith(WIDGET);
    const other = await policyWith({ ...WIDGET, images: [{ image: 'spec.other' }] });
    const after = await policyWith();
    const outcomes = [before, policy, other, after, policy].map((by) => judge({ object }, by).outcome);
    assert.deepEqual(outcomes, ['admitted', 'refused', 'admitted', 'admitted', 'refused']);
    assert.equal(judge({ object }, before).notices[0]?.code, 'UNKNOWN_KIND');
  });

  it('may be selected by a rule', async () => {
    const document = policyDocument([
      { match: { resources: ['widgets.example.com'] }, disallowedTags: { tags: ['latest'] } },
      { match: { resources: ['rollouts.argoproj.io'] }, requiredDigest: {} },
    ]);
    const policy = await decodePolicy({ ...document, spec: { ...document.spec, customResources: [WIDGET] } });
    const rollout = workload(
      'argoproj.io/v1alpha1',
      'Rollout',
      'spec.template.spec',
      podSpec({ containers: { web: GOOD } }),
    );
    assert.match(
      summarise(judge({ object: widget({ image: BAD }) }, policy))[1] ?? '',
      /^DISALLOWED_TAG spec.image/,
    );
    assert.match(summarise(judge({ object: rollout }, policy))[1] ?? '', /^DIGEST_REQUIRED /);
    assert.equal(judge({ object: widget({ image: GOOD }) }, policy).outcome, 'admitted');
  });

  it('change the revision of the policy', async () => {
    const [one, other] = [await policyWith(WIDGET), await policyWith({ ...WIDGET, template: false })];
    assert.notEqual(one.identity.revision, other.identity.revision);
  });
});

/** The text of a policy with these custom resources. */
function textWith(...lines: readonly string[]): string {
  const own = lines.map((line) => `  - ${line}`).join('\n');
  return `${HEAD}spec:\n  unmatchedImages: Allow\n  customResources:\n${own}\n  rules: [{name: a, requiredDigest: {}}]\n`;
}

const widgetWith = (images: string): string =>
  textWith(`{resource: widgets.example.com, kind: Widget, images: [${images}]}`);

const PATH_HINT =
  'write keys with dots between them, [*] for the items of a list, .* for the values of a map';

describe('invalid or misleading custom resources are refused', () => {
  const table: readonly BadPolicy[] = [
    [
      'an invalid path',
      widgetWith(`{${HERE}image: "$.spec.image"}`),
      `spec.customResources[0].images[0].image: "$.spec.image" cannot be read from character 1 on: "$.spec.image" (${PATH_HINT})`,
    ],
    [
      'an invalid second path',
      widgetWith(`{podSpec: spec}, {${HERE}podSpec: "spec.a[0]b"}`),
      `spec.customResources[0].images[1].podSpec: "spec.a[0]b" cannot be read from character 10 on: "b" (${PATH_HINT})`,
    ],
    [
      'a path that does not begin with a field',
      widgetWith(`{${HERE}image: "*.image"}`),
      'spec.customResources[0].images[0].image: "*.image" does not begin with a field (begin with spec, or another field of the object)',
    ],
    [
      'XH11 a path in the status',
      widgetWith(`{${HERE}image: "status.images[*].name"}`),
      'spec.customResources[0].images[0].image: "status.images[*].name" is in the status, which controllers write and the gate does not judge (name the field of spec that the controller copies there)',
    ],
    [
      'XH11 a pod spec in the status',
      widgetWith(`{${HERE}podSpec: status}`),
      'spec.customResources[0].images[0].podSpec: "status" is in the status, which controllers write and the gate does not judge (name the field of spec that the controller copies there)',
    ],
    [
      'a pod spec that is a key',
      widgetWith(`{${HERE}podSpec: "spec.a{keys}"}`),
      'spec.customResources[0].images[0].podSpec: a key cannot be a pod spec (write .* for the values of a map)',
    ],
    [
      'no path',
      widgetWith(`${HERE}{usage: container}`),
      'spec.customResources[0].images[0]: it needs exactly one of podSpec and image',
    ],
    [
      'two paths in one entry',
      widgetWith(`${HERE}{podSpec: spec, image: spec.image}`),
      'spec.customResources[0].images[0]: it needs exactly one of podSpec and image',
    ],
    [
      'a usage of a pod spec',
      widgetWith(`${HERE}{podSpec: spec, usage: container}`),
      'spec.customResources[0].images[0]: usage is for image only; a pod spec already has usages',
    ],
    [
      'no images',
      textWith(`{resource: widgets.example.com, kind: Widget, ${HERE}images: []}`),
      'spec.customResources[0].images: the list of images is empty; name at least one path',
    ],
    [
      'a kind of Kubernetes itself',
      textWith(`{${HERE}resource: deployments.apps, kind: Deployment, images: [{podSpec: spec}]}`),
      'spec.customResources[0].resource: deployments.apps belongs to Kubernetes, and the gate already finds all its images (leave it out)',
    ],
    [
      'a resource without a group',
      textWith(`{${HERE}resource: widgets, kind: Widget, images: [{podSpec: spec}]}`),
      'spec.customResources[0].resource: "widgets" is not a plural and a group of a custom resource (write it like widgets.example.com)',
    ],
    [
      'a resource that is listed twice',
      textWith(
        '{resource: widgets.example.com, kind: Widget, images: [{podSpec: spec}]}',
        `{${HERE}resource: widgets.example.com, kind: Widget, images: [{image: spec.image}]}`,
      ),
      'spec.customResources[1].resource: widgets.example.com is listed twice (write all its images in one entry)',
    ],
    [
      'another kind of a known resource',
      textWith(`{resource: rollouts.argoproj.io, ${HERE}kind: Widget, images: [{podSpec: spec}]}`),
      'spec.customResources[0].kind: Widget is not the kind of rollouts.argoproj.io (rollouts.argoproj.io is a Rollout)',
    ],
    [
      'another resource of a known kind',
      textWith(`{resource: widgets.argoproj.io, ${HERE}kind: Rollout, images: [{podSpec: spec}]}`),
      'spec.customResources[0].kind: Rollout is not the kind of widgets.argoproj.io (rollouts.argoproj.io is a Rollout)',
    ],
    [
      'an invalid kind',
      textWith(`{resource: widgets.example.com, ${HERE}kind: widget, images: [{podSpec: spec}]}`),
      'spec.customResources[0].kind: a kind has letters and digits only, begins with a capital and has at most 63 of them',
    ],
    [
      'an unknown key',
      textWith(
        `{resource: widgets.example.com, kind: Widget, images: [{podSpec: spec}], ${HERE}singular: widget}`,
      ),
      'spec.customResources[0].singular: "singular" is not a known key (known keys: resource, kind, scope, template, images)',
    ],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});
