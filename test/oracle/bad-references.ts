import type { Random } from '../fuzz/random.ts';
import { hex, type Some } from './images.ts';

/** The target of a bad reference. Some texts can be sent only by the wire protocol, not through a real API server. */
type Draw = (random: Random) => string;

const GOOD = 'registry.example.com/team/app:1.2.3';
// No brace, bracket or dollar before "(", because in a template these begin a placeholder, which is another family.
const FOREIGN = characters(' \t\r\n\0\u001b\u007f%#?\\^|"\'`&;=,<>*!~$+');
const NOT_ASCII = characters(
  '\u212a\u0131\uff44\u3002\u0441\ufb01\u200b\ufeff\u202e\u0085\u2028\u00e9\u4e2d',
);

const one =
  (...texts: Some<string>): Draw =>
  (random) =>
    random.pick(texts);

/** Inserts a character into a good reference. */
const inserted =
  (characters: Some<string>): Draw =>
  (random) => {
    const at = random.below(GOOD.length + 1);
    return GOOD.slice(0, at) + random.pick(characters) + GOOD.slice(at);
  };

/**
 * Texts that are not exactly one image reference, by the rows B01 to B30 of docs/threats.md. The gate must refuse
 * each of them wherever it reviews an image, with any policy. The lists are literal on purpose, so that this file
 * contains no grammar.
 */
export const BAD_REFERENCES = {
  'B04 capitals in the host': one(
    'DOCKER.IO/library/nginx:1',
    'Registry.Example.COM/app:1',
    'registry.example.coM/a@sha256:'.concat('a'.repeat(64)),
    'GHCR.IO:443/x:1',
  ),
  'B05 capitals in the repository': one(
    'Foo/bar',
    'Foo/bar:1',
    'NGINX',
    'ghcr.io/Acme/app:1',
    'library/Nginx',
  ),
  'B08 ports': one(
    'registry.example.com:0443/app:1',
    'registry.example.com:99999/app',
    'registry.example.com:/app:1',
    'registry.example.com:0/app',
    'registry.example.com:65536/app',
    'registry.example.com:http/app:1',
    'registry.example.com:443:443/app',
  ),
  'B09 dots of the host': one(
    'registry.example.com./app:1',
    '.docker.io/x',
    'a..b/x:1',
    'docker.io./library/nginx',
  ),
  'B10 the Kelvin sign': one('doc\u212aer.io/library/x:1', 'nginx:\u212a', '\u212aube/x'),
  'B11 not ASCII': (random) =>
    random.chance(0.5)
      ? inserted(NOT_ASCII)(random)
      : random.pick([
          '\uff44\uff4f\uff43\uff4b\uff45\uff52.io/x:1',
          'docker\u3002io/x',
          'do\u0441ker.io/library/nginx:1',
        ]),
  'B12 hosts that are numbers': one(
    '2130706433:5000/x',
    '0x7f000001:5000/x:1',
    '0177.0.0.1/x',
    '127.1/x:1',
    '1.1/x',
    '0/x:1',
    '256.1.1.1/x:1',
  ),
  'B13 IPv6': one(
    '[fe80::1%25eth0]:5000/x',
    '[fe80::1%eth0]/x',
    '::1/x:1',
    '[0:0:0:0:0:0:0:1]/x',
    '[FD00::1]/x',
    '[::1/x',
    '[]/x:1',
  ),
  'B14 parts of a URL': one(
    'evil.com\\@docker.io/x',
    'user:pw@docker.io/x',
    'docker.io#.evil.com/x',
    'docker.io?x/y',
    'docker.io%2eevil.com/x',
    'user@docker.io/library/nginx:1',
  ),
  'B15 paths': one(
    'registry.example.com/team/../../admin:1',
    'registry.example.com/a/./b',
    'registry.example.com//a',
    'registry.example.com/a//b:1',
    'registry.example.com/a/',
    '/a',
    'registry.example.com/%2e%2e/a',
    'nginx/',
    '/nginx:1',
    '../nginx',
  ),
  'B17 lengths and digits of a digest': (random) =>
    `${random.pick(['nginx', 'nginx:1', 'ghcr.io/a/b'])}@sha256:${random.pick([
      hex(random, 63),
      hex(random, 65),
      `A${hex(random, 63)}`,
      `g${hex(random, 63)}`,
      hex(random, 32),
      '',
      ` ${hex(random, 63)}`,
    ])}`,
  'B18 other digests': (random) =>
    `nginx@${random.pick(['sha384:'.concat(hex(random, 96)), `md5:${hex(random, 32)}`, `sha1:${hex(random, 40)}`, `sha256+b64:${hex(random, 64)}`, `SHA256:${hex(random, 64)}`, `sha512:${hex(random, 64)}`])}`,
  'B19 the id of an image': (random) => hex(random, 64),
  'B20 a digest alone': (random) => random.pick(['', '@']) + `sha256:${hex(random, 64)}`,
  'B21 tags': one(
    `nginx:${'t'.repeat(129)}`,
    'nginx:-x',
    'nginx:.x',
    'nginx:',
    'nginx:a:b',
    'ghcr.io/a/b:1:2',
    ':1',
    '@',
  ),
  'B22 names that are too long': (random) =>
    random.pick([
      `registry.example.com/${'a'.repeat(256 - 'registry.example.com/'.length)}:1`,
      'a'.repeat(256),
      `docker.io/library/${'b'.repeat(250)}`,
    ]),
  'B23 texts that are too long': (random) =>
    `registry.example.com/${hex(random, random.chance(0.001) ? 400_000 : 1004 + random.below(4000))}`,
  'B24 separators': one(
    'a..b:1',
    'ghcr.io/a___b',
    'a-_b:1',
    'a.-b',
    '-a:1',
    'ghcr.io/x/a-:1',
    '_a',
    'ghcr.io/_a:1',
    'a.',
    'ghcr.io/a._b',
  ),
  'B25 half a surrogate pair': one('\ud800', 'nginx:\udc00', 'doc\ud800ker.io/x:1'),
  'B26 control characters': one(
    'nginx\n:latest',
    'nginx:1.2.3\n',
    '\tnginx:1',
    'nginx\0:1',
    'nginx:1\u001b[2J',
    'abc\nEVIL',
    'nginx:1\r\n',
  ),
  'A18 blanks around it': one(
    ' nginx:1.2.3',
    'nginx:1.2.3 ',
    ' registry.example.com/team/app:1.2.3 ',
    '  ',
    'nginx 1',
  ),
  'B26 a foreign character': inserted(FOREIGN),
  'B27 schemes and transports': one(
    'docker://nginx:1',
    'oci:nginx',
    'https://registry.example.com/team/app:1.2.3',
    'containerd://nginx',
    'docker-daemon:nginx',
    'oci-archive:x',
    'dir:x',
  ),
} as const satisfies Readonly<Record<string, Draw>>;

type BadReference = keyof typeof BAD_REFERENCES;

/** All families of bad references. */
export const BAD_REFERENCE_FAMILIES = Object.keys(BAD_REFERENCES) as unknown as Some<BadReference>;

/** Text that a template may contain and a pod may not (A17), because a controller replaces it. */
export const PLACEHOLDERS: Some<string> = [
  'auto',
  ' ',
  '$(params.image)',
  'ghcr.io/acme/app:$(params.tag)',
  '{{workflow.parameters.image}}',
  'registry.example.com/{{x}}:1',
];

function characters(text: string): Some<string> {
  return text.split('') as unknown as Some<string>;
}
