import type { Random } from '../fuzz/random.ts';
import { PLACEHOLDERS } from './bad-references.ts';
import type { Some } from './images.ts';
import type { Fields } from './objects.ts';
import type { OraclePolicy, Setting } from './policy.ts';
import { badImage, badReference, goodImage, type Family, type Scene, type Truth } from './scene.ts';

function settingFor(random: Random, policy: OraclePolicy, need: Truth | 'any'): Setting | undefined {
  const settings = policy.settings.filter(
    ({ protocol, expect }) =>
      protocol === 'ImageReview' && (need === 'any' || expect.unknown[need].length > 0),
  );
  return settings[random.below(settings.length)];
}

function scene(random: Random, family: string, truth: Truth, setting: Setting, containers: unknown): Scene {
  const content: Fields = { containers, namespace: random.pick(setting.namespaces) };
  // E06: annotations that the requester wrote. They exempt no image.
  if (random.chance(0.1)) content['annotations'] = { 'a.image-policy.k8s.io/ticket-1234': 'break-glass' };
  return { family: `ImageReview: ${family}`, truth, warns: false, protocol: 'ImageReview', content };
}

function goodContainers(random: Random, setting: Setting): Fields[] {
  const length = random.chance(0.01) ? 20 + random.below(60) : 1 + random.below(3);
  return Array.from({ length }, () => ({ image: goodImage(random, setting, 'unknown') }));
}

function good(random: Random, policy: OraclePolicy): Scene | undefined {
  const setting = settingFor(random, policy, 'good');
  return (
    setting &&
    scene(
      random,
      `good images: ${policy.name}, ${setting.what}`,
      'good',
      setting,
      goodContainers(random, setting),
    )
  );
}

/** One image of this kind among others. The others are good if the setting has good images. */
function withOne(random: Random, setting: Setting, image: string | undefined): Fields[] {
  const others = setting.expect.unknown.good.length > 0 ? goodContainers(random, setting) : [];
  return others.toSpliced(random.below(others.length + 1), 0, { image });
}

function bad(random: Random, policy: OraclePolicy): Scene | undefined {
  const setting = settingFor(random, policy, 'bad');
  if (setting === undefined) return undefined;
  const containers = withOne(random, setting, badImage(random, setting, 'unknown'));
  return scene(random, `bad image: ${policy.name}, ${setting.what}`, 'bad', setting, containers);
}

function reference(random: Random, policy: OraclePolicy): Scene | undefined {
  const setting = settingFor(random, policy, 'any');
  if (setting === undefined) return undefined;
  const [family, text] = badReference(random);
  return scene(random, `bad reference: ${family}`, 'bad', setting, withOne(random, setting, text));
}

/** The plugin sends only pods, in which a placeholder is not an image. */
function placeholder(random: Random, policy: OraclePolicy): Scene | undefined {
  const setting = settingFor(random, policy, 'any');
  const text = random.pick(PLACEHOLDERS.slice(1) as unknown as Some<string>);
  return setting && scene(random, 'placeholder', 'bad', setting, withOne(random, setting, text));
}

const SPOILED: Some<unknown> = [
  {},
  'x',
  1,
  [null],
  ['nginx:1.2.3'],
  [{}],
  [{ image: 1 }],
  [{ image: null }],
  [{ image: '' }],
];

function malformed(random: Random, policy: OraclePolicy): Scene | undefined {
  const setting = settingFor(random, policy, 'any');
  if (setting === undefined) return undefined;
  const spoiled = random.pick(SPOILED);
  const containers =
    Array.isArray(spoiled) && spoiled.length > 0 && random.chance(0.5)
      ? [{ image: 'registry.example.com/team/app:1.2.3' }, ...(spoiled as unknown[])]
      : spoiled;
  return scene(random, 'A16 malformed', 'bad', setting, containers);
}

/** The client leaves out the list if a pod has no ephemeral container any more. */
function none(random: Random, policy: OraclePolicy): Scene | undefined {
  const setting = settingFor(random, policy, 'any');
  return (
    setting && scene(random, 'no containers', 'good', setting, random.pick<unknown>([undefined, null, []]))
  );
}

function many(random: Random, policy: OraclePolicy): Scene | undefined {
  const setting = settingFor(random, policy, 'good');
  const image = setting && goodImage(random, setting, 'unknown');
  return (
    setting &&
    scene(
      random,
      '501 images',
      'bad',
      setting,
      Array.from({ length: 501 }, () => ({ image })),
    )
  );
}

/** Requests of the `ImagePolicyWebhook` plugin: images and a namespace, for pods. */
export const IMAGE_REVIEW_FAMILIES: readonly Family[] = [
  { name: 'ImageReview: good', truth: 'good', weight: 14, draw: good },
  { name: 'ImageReview: bad', truth: 'bad', weight: 12, draw: bad },
  { name: 'ImageReview: bad reference', truth: 'bad', weight: 8, draw: reference },
  { name: 'ImageReview: placeholder', truth: 'bad', weight: 1, draw: placeholder },
  { name: 'ImageReview: malformed', truth: 'bad', weight: 3, draw: malformed },
  { name: 'ImageReview: no containers', truth: 'good', weight: 1, draw: none },
  { name: 'ImageReview: 501 images', truth: 'bad', weight: 0.15, draw: many },
];
