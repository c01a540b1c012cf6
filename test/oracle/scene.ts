import type { Random } from '../fuzz/random.ts';
import { BAD_REFERENCE_FAMILIES, BAD_REFERENCES } from './bad-references.ts';
import { type Some, spell } from './images.ts';
import type { Kind, Usage } from './kinds.ts';
import { objectOf, placesFor, podSpecOf, usagesOf, type Fields, type Slot } from './objects.ts';
import type { Person } from './people.ts';
import type { OraclePolicy, Pair, ProtocolName, Setting } from './policy.ts';

export type Truth = 'good' | 'bad';

/** A case before it is written in a protocol. */
export interface Scene {
  /** The reason why it is good or bad. The run counts these reasons; there are few. */
  readonly family: string;
  readonly truth: Truth;
  /** Whether the sender must be warned, although the verdict is good. */
  readonly warns: boolean;
  readonly protocol: ProtocolName;
  /** The `request` of an `AdmissionReview` without its uid, or the `spec` of an `ImageReview`. */
  readonly content: Fields;
}

/** One kind of good or bad case. `undefined` if the policy has no place for it. */
export interface Family {
  readonly name: string;
  readonly truth: Truth;
  /** The frequency, relative to the other families of the same truth. */
  readonly weight: number;
  readonly draw: (random: Random, policy: OraclePolicy) => Scene | undefined;
}

/** The parts of an admission request. */
interface Request {
  readonly setting: Setting;
  readonly operation: string;
  readonly kind: Pick<Kind, 'apiVersion' | 'kind' | 'resource'>;
  readonly subresource?: string;
  readonly namespace: string;
  readonly person?: Person;
  readonly object: unknown;
  readonly oldObject?: unknown;
}

/** A row of a policy, with a kind of object and a namespace of this row. */
export interface Spot {
  readonly setting: Setting;
  readonly kind: Kind;
  readonly namespace: string;
}

/** A spot at which some image has this truth. */
export function spotFor(
  random: Random,
  policy: OraclePolicy,
  truth: Truth | 'any',
  suits: (kind: Kind) => boolean = () => true,
): Spot | undefined {
  const settings = policy.settings.filter(
    (setting) =>
      setting.protocol === 'AdmissionReview' &&
      (truth === 'any' || setting.expect.container[truth].length > 0) &&
      setting.kinds.some(suits),
  );
  const [first] = settings;
  if (first === undefined) return undefined;
  const setting = random.pick([first, ...settings.slice(1)]);
  const kinds = setting.kinds.filter(suits) as unknown as Some<Kind>;
  // Half of the requests in a cluster are about pods.
  const [pod] = kinds;
  const kind = pod.kind === 'Pod' && random.chance(0.4) ? pod : random.pick(kinds);
  return { setting, kind, namespace: random.pick(setting.namespaces) };
}

/** An image that is good at this place of the setting. */
export function goodImage(random: Random, setting: Setting, usage: Usage | 'unknown'): string | undefined {
  const { good } = setting.expect[usage];
  return imageOf(random, good);
}

/** An image that the setting admits with a warning. */
export function warnedImage(random: Random, setting: Setting, usage: Usage | 'unknown'): string | undefined {
  return imageOf(random, setting.expect[usage].warned);
}

/** An image that is bad at this place of the setting. */
export function badImage(random: Random, setting: Setting, usage: Usage | 'unknown'): string | undefined {
  return imageOf(random, setting.expect[usage].bad);
}

function imageOf(random: Random, pairs: readonly Pair[]): string | undefined {
  const pair = pairs[random.below(pairs.length)];
  return pair && spell(random, pair[0], pair[1]);
}

/** A text that is not a reference, and its family. */
export function badReference(random: Random): readonly [family: string, text: string] {
  const family = random.pick(BAD_REFERENCE_FAMILIES);
  return [family, BAD_REFERENCES[family](random)];
}

/** Good images at places of this kind; `undefined` if a place has no good image. */
export function goodSlots(random: Random, { setting, kind }: Spot, wanted?: Usage): Slot[] | undefined {
  const slots: Slot[] = [];
  for (const { usage, name } of placesFor(random, kind, wanted)) {
    const image = goodImage(random, setting, usage);
    if (image === undefined) return undefined;
    slots.push({ usage, name, image });
  }
  return slots;
}

/** A usage for which the setting has a bad image. */
export function badUsage(random: Random, { setting, kind }: Spot): Usage | undefined {
  const usages = usagesOf(kind).filter((usage) => setting.expect[usage].bad.length > 0);
  return usages[random.below(usages.length)];
}

/**
 * Good images, except at one place or, sometimes, at all places. The others are bad images of the policy or bad
 * texts.
 */
export function badSlots(
  random: Random,
  spot: Spot,
  draw: () => string | undefined,
  usage: Usage,
): Slot[] | undefined {
  const slots = fillers(random, spot, usage);
  const candidates = slots.map((slot, index) => ({ slot, index })).filter(({ slot }) => slot.usage === usage);
  const chosen = candidates[random.below(candidates.length)];
  const image = draw();
  if (chosen === undefined || image === undefined) return undefined;
  slots[chosen.index] = { ...chosen.slot, image };
  return slots;
}

/** Images for the other places: good ones, or bad ones if there are no good images. */
function fillers(random: Random, { setting, kind }: Spot, usage: Usage): Slot[] {
  return placesFor(random, kind, usage).map(({ usage: at, name }) => ({
    usage: at,
    name,
    image: goodImage(random, setting, at) ?? badImage(random, setting, at) ?? 'nginx:1.2.3',
  }));
}

/** The object of a spot with images at these places. */
export function objectAt(random: Random, { kind, namespace }: Spot, slots: readonly Slot[]): Fields {
  return objectOf(random, kind, podSpecOf(random, slots), namespace);
}

/** A scene of an `AdmissionReview`. */
export function admission(
  random: Random,
  verdict: Pick<Scene, 'family' | 'truth'> & { readonly warns?: boolean },
  request: Request,
): Scene {
  return {
    family: verdict.family,
    truth: verdict.truth,
    warns: verdict.warns ?? false,
    protocol: 'AdmissionReview',
    content: contentOf(random, request),
  };
}

/** E17: the user of a request. An unreadable user counts as missing, even if it contains names. */
function userFields(random: Random, person: Person): Fields {
  if (person !== undefined) return { userInfo: person };
  const groups = ['release-managers', 'system:nodes'];
  return random.pick<Fields>([
    {},
    {},
    { userInfo: null },
    { userInfo: { groups } },
    { userInfo: { username: ['alice'], groups } },
    { userInfo: { username: 'system:serviceaccount:platform:x', groups: 'developers' } },
  ]);
}

function contentOf(random: Random, request: Request): Fields {
  const { setting, operation, kind, subresource, namespace, object, oldObject = null } = request;
  const person = 'person' in request ? request.person : random.pick(setting.people);
  const slash = kind.apiVersion.indexOf('/');
  const group = slash === -1 ? '' : kind.apiVersion.slice(0, slash);
  const version = kind.apiVersion.slice(slash + 1);
  const metadata = (object as { metadata?: { name?: unknown } } | null | undefined)?.metadata;
  return {
    kind: { group, version, kind: kind.kind },
    resource: { group, version, resource: kind.resource },
    ...(subresource !== undefined && { subResource: subresource }),
    ...(typeof metadata?.name === 'string' && { name: metadata.name }),
    ...(namespace !== '' && { namespace }),
    operation,
    ...userFields(random, person),
    object,
    oldObject,
    ...(random.chance(0.95) && { dryRun: random.chance(0.2) }),
    options: null,
  };
}
