import type { Random } from './random.ts';

type Words = readonly [string, ...string[]];

const HOSTS: Words = [
  '',
  ...words(
    'docker.io index.docker.io registry-1.docker.io registry.hub.docker.com localhost ghcr.io gcr.io oci library',
  ),
  ...words(
    'registry.example.com xn--bcher-kva.example DOCKER.IO Registry.Example.com Foo 127.0.0.1 10.0.0.255',
  ),
  ...words(
    '256.1.1.1 0177.0.0.1 127.1 2130706433 0x7f000001 1.2.3.4.5 a.0x10 0 docker.io. .docker.io a..b -a.io a-.io',
  ),
  ...words(
    '[::1] [fd00::1] [FD00::1] [0:0:0:0:0:0:0:1] [2001:db8::1:0:0:1] [1::0:1] [fe80::1%25eth0] ::1 a_b.io',
  ),
  ...words('[::ffff:7f00:1] [] [:::]'),
];
const PORTS: Words = ['', '', '', ...words(':5000 :443 :80 :1 :65535 :65536 :0 :0443 :99999 : :http')];
const NAMES: Words = ['', ...words('nginx library team app a 0 sha256 oci dir __proto__ constructor A . ..')];
const SEPARATORS: Words = ['.', '_', '__', '-', '--', '---'];
const BAD_SEPARATORS: Words = ['..', '___', '-_', '.-', '._', '+', '%2e', '~'];
const TAGS: Words = ['', ...words('latest LATEST v1.2.3 __proto__ 5000 -x .x a:b x+y 1')];
const ALGORITHMS: Words = [
  '',
  ...words('sha256 sha256 sha256 sha256 sha512 sha384 sha1 md5 SHA256 sha256+b64'),
];
const LENGTHS = [64, 64, 64, 64, 128, 128, 96, 63, 65, 32, 0] as const;
const SCHEMES: Words = words(
  'docker:// https:// oci: docker-daemon: containerd:// // / user:pw@ evil.com\\@',
);
const HEX: Words = words('0123456789abcdef', '');
const LOWER: Words = words('0123456789abcdefghijklmnopqrstuvwxyz', '');
const HOSTILE: Words = [
  // Kelvin sign, dotless i, full-width d, ideographic dot, Cyrillic s, ligature, zero width, byte order, right to left.
  ...words(
    '\u212a \u0131 \uff44 \u3002 \u0441 \ufb01 \u200b \ufeff \u202e \ud800 \udc00 \u{1f600} \u0085 \u2028',
  ),
  ...words(':: // .. __ :443 @sha256:'),
  ...words('abz019AZF._-:/@%\\#? \t\r\n\0\u001b[]{}()*!+~$^|"\'`&;=,<>', ''),
];

/** A reference from the productions of the grammar or from known attacks, and then mutated. */
export function plausibleReference(random: Random): string {
  let text = random.chance(0.04) ? attack(random) : name(random) + tag(random) + digest(random);
  if (random.chance(0.01)) text = random.pick(SCHEMES) + text;
  while (random.chance(0.25)) text = mutated(random, text);
  return text;
}

/** Parts that two parsers are likely to read differently. They are random; HOSTS has the known examples. */
function attack(random: Random): string {
  const rest = `/${repository(random)}${tag(random)}${digest(random)}`;
  switch (random.below(6)) {
    case 0:
      return hex(random, random.pick([63, 64, 65]));
    case 1:
      return `${random.pick(['sha256', 'sha384', 'sha512', 'md5'])}:${hex(random, random.pick(LENGTHS))}`;
    case 2:
      return `[${ipv6(random)}]${random.pick(PORTS)}${rest}`;
    case 3:
      return numbers(random) + random.pick(PORTS) + rest;
    case 4:
      return ofLength(
        random,
        random.pick([254, 255, 256]) - (random.chance(0.5) ? 0 : 'docker.io/library/'.length),
      );
    default:
      return `${ofLength(random, 700 + random.below(200))}.io/${letters(random, 200)}:${letters(random, 128)}`;
  }
}

/** A name with exactly this length, in one component or in several. */
function ofLength(random: Random, length: number): string {
  const separator = random.pick(['', '.', '/', '-']);
  let text = random.chance(0.5) ? '' : 'r.io/';
  while (text.length < length - 8) text += letters(random, 7) + separator;
  return text + letters(random, length - text.length);
}

function ipv6(random: Random): string {
  const groups = Array.from({ length: 1 + random.below(9) }, () =>
    random.pick(['', '0', '0', '0', '00', '1', 'ffff', 'FFFF', hex(random, 1 + random.below(5))]),
  );
  return (random.chance(0.2) ? '::' : '') + groups.join(':') + (random.chance(0.2) ? '::' : '');
}

/** A host of decimal, octal and hexadecimal numbers, which some parsers read as an IP address. */
function numbers(random: Random): string {
  return Array.from({ length: 1 + random.below(5) }, () => {
    const number = random.below(random.chance(0.2) ? 2 ** 32 : 300);
    const prefix = random.pick(['', '', '', '', '0', '0x', 'a']);
    return prefix + number.toString(prefix === '0' ? 8 : prefix === '0x' ? 16 : 10);
  }).join('.');
}

function name(random: Random): string {
  const path = repository(random);
  if (random.chance(0.3)) return path;
  return `${random.chance(0.6) ? random.pick(HOSTS) : host(random)}${random.pick(PORTS)}/${path}`;
}

function host(random: Random): string {
  const labels = Array.from({ length: 1 + random.below(4) }, () => component(random, ['-', '--'], 12));
  return labels.join('.');
}

function repository(random: Random): string {
  const length = random.chance(0.01) ? 60 : 1 + random.below(4);
  const size = random.chance(0.02) ? 120 : 10;
  return Array.from({ length }, () =>
    random.chance(0.3)
      ? random.pick(NAMES)
      : component(random, random.chance(0.05) ? BAD_SEPARATORS : SEPARATORS, size),
  ).join('/');
}

function component(random: Random, separators: Words, size: number): string {
  let text = letters(random, 1 + random.below(size));
  while (random.chance(0.3)) text += random.pick(separators) + letters(random, 1 + random.below(size));
  return text;
}

function letters(random: Random, length: number): string {
  let text = '';
  for (let count = 0; count < length; count += 1) text += random.pick(LOWER);
  return text;
}

function hex(random: Random, length: number): string {
  let text = '';
  for (let count = 0; count < length; count += 1) text += random.pick(HEX);
  return text;
}

function tag(random: Random): string {
  if (random.chance(0.5)) return '';
  if (random.chance(0.3)) return `:${letters(random, random.pick([127, 128, 129]))}`;
  return `:${random.chance(0.5) ? random.pick(TAGS) : component(random, ['.', '-', '_', '..'], 6)}`;
}

function digest(random: Random): string {
  if (random.chance(0.6)) return '';
  const algorithm = random.pick(ALGORITHMS);
  const natural = algorithm === 'sha512' ? 128 : algorithm === 'sha384' ? 96 : 64;
  return `@${algorithm}:${hex(random, random.chance(0.8) ? natural : random.pick(LENGTHS))}`;
}

function mutated(random: Random, text: string): string {
  const from = random.below(text.length + 1);
  const to = Math.min(text.length, from + random.below(8));
  const [before, middle, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  switch (random.below(7)) {
    case 0:
      return before + random.pick(HOSTILE) + middle + after;
    case 1:
      return before + random.pick(HOSTILE) + after;
    case 2:
      return before + after;
    case 3:
      return before + middle.repeat(1 + random.below(random.chance(0.02) ? 2000 : 4)) + after;
    case 4:
      return before + middle.toUpperCase() + after;
    case 5:
      return before + lookAlike(middle) + after;
    default:
      return after + middle + before;
  }
}

/** The same text in full-width characters. Unicode's compatibility forms and WHATWG's URL turn them into ASCII. */
function lookAlike(text: string): string {
  return text.replaceAll(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
}

function words(text: string, separator = ' '): Words {
  const [first = '', ...others] = text.split(separator);
  return [first, ...others];
}
