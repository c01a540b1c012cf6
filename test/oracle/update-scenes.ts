import type { Random } from '../fuzz/random.ts';
import { PLACEHOLDERS } from './bad-references.ts';
import type { Kind, Usage } from './kinds.ts';
import { metadataOf, objectOf, podSpecOf, usagesOf, type Fields, type Slot } from './objects.ts';
import type { OraclePolicy } from './policy.ts';
import {
  admission,
  badImage,
  badReference,
  badUsage,
  goodSlots,
  objectAt,
  spotFor,
  type Family,
  type Scene,
  type Spot,
  type Truth,
} from './scene.ts';

/** Images of the old object and of the new one. */
interface Update {
  readonly family: string;
  readonly truth: Truth;
  readonly before: unknown;
  readonly after: Fields;
  readonly warns?: boolean;
}

function update(random: Random, spot: Spot, { family, truth, before, after, warns = false }: Update): Scene {
  const { setting, kind, namespace } = spot;
  const subresource = subresourceOf(random, kind);
  const change = { operation: 'UPDATE', oldObject: before, object: after };
  return admission(random, { family, truth, warns }, { setting, kind, namespace, ...change, ...subresource });
}

/** Several requests change a pod. Each of them sends the whole pod. */
function subresourceOf(random: Random, { kind }: Kind): { readonly subresource?: string } {
  if (kind === 'EphemeralContainers') return { subresource: 'ephemeralcontainers' };
  if (kind !== 'Pod' || random.chance(0.8)) return {};
  return { subresource: random.pick(['ephemeralcontainers', 'resize']) };
}

/** Good images, and one additional place for a bad image. */
interface Ground {
  readonly spot: Spot;
  readonly slots: readonly Slot[];
  readonly usage: Usage;
  /** An image that the policy or the grammar refuses at that place. */
  readonly bad: () => string;
}

function groundFor(
  random: Random,
  policy: OraclePolicy,
  suits?: (kind: Kind) => boolean,
): Ground | undefined {
  const spot = spotFor(random, policy, 'good', suits);
  const slots = spot && goodSlots(random, spot);
  if (spot === undefined || slots === undefined) return undefined;
  const usage = badUsage(random, spot);
  const { setting, kind } = spot;
  const bad = (): string =>
    (usage !== undefined && random.chance(0.7) ? badImage(random, setting, usage) : undefined) ??
    badReference(random)[1];
  return { spot, slots, usage: usage ?? random.pick(usagesOf(kind)), bad };
}

const LAST = 'last';

/** A name that is in no family, so that the next text is a different image. */
const BEFORE = 'registry.example.com/team/before:1.2.3';

/** A08: all old images were good, and one new image is not. */
function goodBecomesBad(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const before = objectAt(random, spot, [...slots, { usage, name: LAST, image: BEFORE }]);
  const after = objectAt(random, spot, [...slots, { usage, name: LAST, image: bad() }]);
  return update(random, spot, { family: 'A08 another image becomes bad', truth: 'bad', before, after });
}

/** A08, A31: a bad image is replaced by another bad image, together with any other change. */
function badBecomesWorse(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const [one, other] = [bad(), bad()];
  if (one === other) return undefined;
  const before = objectAt(random, spot, [...slots, { usage, name: LAST, image: one }]);
  const after = objectAt(random, spot, [...slots, { usage, name: LAST, image: other }]);
  const metadata = after['metadata'] as Fields;
  metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
  metadata['finalizers'] = [];
  return update(random, spot, {
    family: 'A31 a bad image becomes another while it is deleted',
    truth: 'bad',
    before,
    after,
  });
}

/** A09: two containers swap a good and a bad image, so the set of images does not change. */
function swapped(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const good = goodSlots(random, spot, usage)?.find((slot) => slot.usage === usage)?.image;
  if (good === undefined) return undefined;
  const image = bad();
  const pair = (first: string, second: string): Slot[] => [
    ...slots,
    { usage, name: 'one', image: first },
    { usage, name: 'two', image: second },
  ];
  const before = objectAt(random, spot, pair(good, image));
  const after = objectAt(random, spot, pair(image, good));
  return update(random, spot, { family: 'A09 two places swap their images', truth: 'bad', before, after });
}

/** A10: the bad image was in another list, or had another name. */
function moved(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const image = bad();
  const others = usagesOf(spot.kind).filter((other) => other !== usage);
  const list = others[random.below(others.length)];
  const renamed = list === undefined || random.chance(0.3);
  const from: Slot = renamed ? { usage, name: 'first', image } : { usage: list, name: LAST, image };
  const before = objectAt(random, spot, [...slots, from]);
  const after = objectAt(random, spot, [...slots, { usage, name: LAST, image }]);
  const family = renamed ? 'A10 a bad image under another name' : 'A10 a bad image moves to another list';
  return update(random, spot, { family, truth: 'bad', before, after });
}

/** A09: if two old places have the same name, they exempt no image. */
function doubled(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const image = bad();
  const place = { usage, name: LAST };
  const pair: Slot[] = [
    { ...place, image },
    { ...place, image: random.chance(0.5) ? image : BEFORE },
  ];
  const before = objectAt(random, spot, [...slots, ...(random.chance(0.5) ? pair : pair.toReversed())]);
  const after = objectAt(random, spot, [...slots, { ...place, image }]);
  return update(random, spot, { family: 'A09 an old name that occurs twice', truth: 'bad', before, after });
}

/** An old object that is missing or unreadable exempts no image. */
function noOldObject(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy, ({ podSpec }) => podSpec.length > 0);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const after = objectAt(random, spot, [...slots, { usage, name: LAST, image: bad() }]);
  const { kind, namespace } = spot;
  const spec = podSpecOf(random, slots);
  const broken = { ...spec, containers: [...(spec['containers'] as unknown[]), null] };
  const [what, before] = random.pick<readonly [string, unknown]>([
    ['null', null],
    ['missing', undefined],
    ['no object', random.pick<unknown>(['x', 1, [], true])],
    ['empty', {}],
    ['without a spec', objectOf(random, kind, null, namespace)],
    ['broken', objectOf(random, kind, broken, namespace)],
  ]);
  return update(random, spot, { family: `old object: ${what}`, truth: 'bad', before, after });
}

/** An unchanged image is kept (SECURITY.md 7) with any current policy. The sender of a template is warned. */
function kept(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const held: Slot = { usage, name: LAST, image: bad() };
  const before = objectAt(random, spot, [...slots, held]);
  const [family, after] = random.pick<readonly [string, () => Fields]>([
    ['A32 only its metadata changes', () => ({ ...before, metadata: metadataOf(random, spot.namespace) })],
    ['the order of its images changes', () => objectAt(random, spot, [held, ...slots.toReversed()])],
    ['another place gets a good image', () => objectAt(random, spot, [...added(random, spot, slots), held])],
  ]);
  // For an unchanged image no question is asked, so there is no answer to warn about.
  const warns = spot.kind.template && policy.asks === undefined;
  return update(random, spot, {
    family: `kept bad image: ${family}`,
    truth: 'good',
    warns,
    before,
    after: after(),
  });
}

/** An additional place with an image that is good there. */
function added(random: Random, spot: Spot, slots: readonly Slot[]): Slot[] {
  const more = goodSlots(random, spot)?.[0];
  return more === undefined ? [...slots] : [...slots, { ...more, name: 'added' }];
}

/** A08: a bad image is replaced by a good one. */
function mended(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const good = goodSlots(random, spot, usage)?.find((slot) => slot.usage === usage);
  if (good === undefined) return undefined;
  const before = objectAt(random, spot, [...slots, { usage, name: LAST, image: bad() }]);
  const after = objectAt(random, spot, [...slots, { usage, name: LAST, image: good.image }]);
  return update(random, spot, { family: 'a bad image becomes good', truth: 'good', before, after });
}

/** If all images are good, the old object does not matter. */
function goodUpdate(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'good');
  const slots = spot && goodSlots(random, spot);
  if (spot === undefined || slots === undefined) return undefined;
  const after = objectAt(random, spot, slots);
  const before = random.pick<unknown>([after, null, 'x', {}, objectAt(random, spot, slots.toReversed())]);
  return update(random, spot, { family: 'good images, with any old object', truth: 'good', before, after });
}

/** An old placeholder exempts no new image. */
function placeholderBecomesBad(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy, (kind) => kind.template);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const before = objectAt(random, spot, [...slots, { usage, name: LAST, image: random.pick(PLACEHOLDERS) }]);
  const after = objectAt(random, spot, [...slots, { usage, name: LAST, image: bad() }]);
  return update(random, spot, { family: 'a placeholder becomes bad', truth: 'bad', before, after });
}

/** One bad image stays, and another one is added. */
function keptBesideNew(random: Random, policy: OraclePolicy): Scene | undefined {
  const ground = groundFor(random, policy);
  if (ground === undefined) return undefined;
  const { spot, slots, usage, bad } = ground;
  const held: Slot = { usage, name: 'held', image: bad() };
  const before = objectAt(random, spot, [...slots, held]);
  const after = objectAt(random, spot, [...slots, held, { usage, name: LAST, image: bad() }]);
  return update(random, spot, { family: 'a kept bad image beside a new one', truth: 'bad', before, after });
}

/** An unreadable object that does not change. Its finalizers can still be removed. */
function keptUnreadable(random: Random, policy: OraclePolicy): Scene | undefined {
  const spot = spotFor(random, policy, 'any', ({ podSpec }) => podSpec.length > 0);
  if (spot === undefined) return undefined;
  const { kind, namespace } = spot;
  const spec = random.pick<unknown>([
    { containers: [null] },
    { containers: 'x' },
    { containers: [{ name: 'web' }] },
    {},
  ]);
  const before = objectOf(random, kind, spec, namespace);
  const after = { ...before, metadata: metadataOf(random, namespace) };
  return update(random, spot, {
    family: 'A32 an unreadable spec is unchanged',
    truth: 'good',
    before,
    after,
  });
}

/** Objects that existed before. */
export const UPDATE_FAMILIES: readonly Family[] = [
  { name: 'kept bad image', truth: 'good', weight: 15, draw: kept },
  { name: 'mended', truth: 'good', weight: 3, draw: mended },
  { name: 'good update', truth: 'good', weight: 8, draw: goodUpdate },
  { name: 'kept unreadable spec', truth: 'good', weight: 1, draw: keptUnreadable },
  { name: 'good becomes bad', truth: 'bad', weight: 8, draw: goodBecomesBad },
  { name: 'bad becomes worse', truth: 'bad', weight: 4, draw: badBecomesWorse },
  { name: 'swapped', truth: 'bad', weight: 6, draw: swapped },
  { name: 'moved', truth: 'bad', weight: 6, draw: moved },
  { name: 'doubled', truth: 'bad', weight: 2, draw: doubled },
  { name: 'no old object', truth: 'bad', weight: 4, draw: noOldObject },
  { name: 'placeholder becomes bad', truth: 'bad', weight: 2, draw: placeholderBecomesBad },
  { name: 'kept beside new', truth: 'bad', weight: 3, draw: keptBesideNew },
];
