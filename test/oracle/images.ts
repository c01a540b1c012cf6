import type { Random } from '../fuzz/random.ts';

/** A list with at least one item. */
export type Some<Item> = readonly [Item, ...Item[]];

/**
 * Names of images. All texts of a family mean the same place, so the texts of a family are interchangeable. Spellings of
 * one image (B01, B02, B07, B08) are in one family if no rule may distinguish them.
 */
export const NAMES = {
  /** B01, B02: Docker Hub's official images without a registry. */
  hubShort: ['nginx', 'redis', 'library/postgres', 'constructor', 'library/a--b', 'a__b', 'a.b', 'docker'],
  /** B02: the same images with a registry. */
  hubFull: [
    'docker.io/nginx',
    'docker.io/library/nginx',
    'index.docker.io/redis',
    'index.docker.io/library/nginx',
  ],
  /** B08: port 443 and no port are the same registry. */
  hub443: ['docker.io:443/library/nginx'],
  /** B03: other hosts that serve Docker Hub's images. */
  hubAlias: ['registry-1.docker.io/library/nginx', 'registry.hub.docker.com/library/redis'],
  hubUserShort: ['acme/web', 'acme/tools/web'],
  hubUserFull: ['docker.io/acme/web', 'index.docker.io/acme/tools/web'],
  /** C14: the images of the blocklist, under every name of Docker Hub. */
  hubEvil: ['evil/app', 'docker.io/evil/app', 'index.docker.io/evil/a/b', 'docker.io:443/evil/app'],
  hubEvilAlias: [
    'registry-1.docker.io/evil/app',
    'registry.hub.docker.com/evil/app',
    'registry-1.docker.io:443/evil/x/y',
  ],
  ours: [
    'registry.example.com/team/app',
    'registry.example.com/app',
    'registry.example.com/a/b/c/d-e_f',
    'registry.example.com:443/team/app',
  ],
  /** B22: registry, slash and repository have 255 characters. */
  oursLongest: [`registry.example.com/${'a'.repeat(255 - 'registry.example.com/'.length)}`],
  oursInit: ['registry.example.com/init/db', 'registry.example.com:443/init/tool'],
  oursBase: ['registry.example.com/base/alpine', 'registry.example.com/base/x/y'],
  oursLegacy: ['registry.example.com/legacy/app', 'registry.example.com:443/legacy/a/b'],
  /** B07: another port is another registry. */
  oursPort: ['registry.example.com:5000/team/app', 'registry.example.com:8443/app'],
  /** C01: names that are similar to our registry. */
  lookalike: [
    'registry.example.com.evil.io/team/app',
    'registry-example.com/team/app',
    'registry.example.co/team/app',
    'evil.io/registry.example.com/team/app',
  ],
  /** C02: a path segment that has ours as a prefix. */
  nearInit: [
    'registry.example.com/init-evil/db',
    'registry.example.com/initx/db',
    'registry.example.com/init',
  ],
  /** C04: one label before the domain. */
  subdomain: ['eu.example.com/app', 'us.example.com/a/b'],
  notSubdomain: [
    'example.com/app',
    'a.eu.example.com/app',
    'eu.example.com.evil.io/app',
    'evil.io/eu.example.com/app',
  ],
  miner: [
    'ghcr.io/acme/bitcoin-miner',
    'registry.example.com/x/bitcoin-miner',
    'docker.io/acme/bitcoin-miner',
  ],
  minerShort: ['acme/bitcoin-miner', 'bitcoin-miner'],
  ghcrTools: ['ghcr.io/example/tools'],
  ghcrDebug: ['ghcr.io/debug/shell'],
  ghcrWeb: ['ghcr.io/acme/web-shop', 'ghcr.io/acme/web-'.concat('x')],
  ghcrOther: ['ghcr.io/acme/api', 'ghcr.io/acme-evil/app', 'ghcr.io/acme/web/shop', 'gcr.io/proj/app'],
  /** B06, B13. */
  local: [
    'localhost/app',
    'localhost:5000/app',
    '127.0.0.1:5000/app',
    '10.0.0.255/a/b',
    '[::1]:5000/app',
    '[fd00::1]/app',
  ],
} as const satisfies Readonly<Record<string, Some<string>>>;

export type NameFamily = keyof typeof NAMES;

/** The part after the name. */
const TAGS = {
  /** Semantic versions from 1.0.0 to below 3. */
  version: [':1.2.3', ':v1.4.0', ':2.9.9', ':1.0.0'],
  /** Versions outside of that range, or texts that are not semantic versions. */
  outside: [':0.9.9', ':3.0.0', ':1.27', ':1.3.0-rc.1', ':v4.0.0', ':1'],
  stable: [':stable', ':2026'],
  alpine: [':3.20-alpine', ':1.27.4-alpine'],
  /** B21, B28: tags that differ from `latest`, even if they look similar. */
  odd: [
    ':LATEST',
    ':Latest',
    ':latest-alpine',
    ':__proto__',
    ':constructor',
    ':_',
    ':5000',
    ':notlatest',
    `:${'t'.repeat(128)}`,
  ],
  latest: ['', ':latest'],
} as const satisfies Readonly<Record<string, Some<string>>>;

const DIGESTS = ['digest', 'taggedDigest'] as const;

export type TagFamily = keyof typeof TAGS | (typeof DIGESTS)[number];

/** Every family of tags and digests. */
export const TAG_FAMILIES = [...(Object.keys(TAGS) as (keyof typeof TAGS)[]), ...DIGESTS];

const HEX = '0123456789abcdef';

/** This number of hexadecimal digits, drawn eight at a time. */
export function hex(random: Random, length: number): string {
  let text = '';
  while (text.length < length)
    text += (random.below(2 ** 32) + 2 ** 32).toString(16).slice(1) + HEX.charAt(random.below(16));
  return text.slice(0, length);
}

/** A valid reference of these families. */
export function spell(random: Random, name: NameFamily, tag: TagFamily): string {
  return random.pick<string>(NAMES[name]) + decoration(random, tag);
}

function decoration(random: Random, tag: TagFamily): string {
  if (tag === 'digest') return digest(random);
  // B16: a tag beside a digest has no effect, so it may be good or bad.
  if (tag === 'taggedDigest')
    return random.pick(['', ':latest', ':1.2.3', ':stable', ':odd']) + digest(random);
  return random.pick<string>(TAGS[tag]);
}

// Only few different images, so that they repeat as in a cluster, and the gate uses its cache of images.
const POOL = 8;

function digest(random: Random): string {
  if (random.chance(0.1)) return `@sha512:${HEX.charAt(random.below(16)).repeat(128)}`;
  return `@sha256:${random.chance(0.3) ? hex(random, 64) : HEX.charAt(random.below(POOL)).repeat(64)}`;
}
