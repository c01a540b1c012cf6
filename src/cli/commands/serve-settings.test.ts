import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Command } from 'commander';
import { createAuthority } from '../../certificate/authority.ts';
import { applyEnvironment, renderEnvironment, VARIABLES } from '../environment.ts';
import type { Environment } from '../command.ts';
import { decodePolicyOrigin } from '../policy-options.ts';
import { addServeOptions } from './serve.ts';
import { decodeServeSettings, type ServeOptions, type ServeSettings } from './serve-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
after(() => rmSync(folder, { recursive: true }));

/** Writes a file and returns its path. */
function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** The options from the command line and the environment. */
function optionsOf(args: readonly string[], environment: Environment = {}): ServeOptions {
  const command = addServeOptions(new Command('serve')).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  command.parse(args, { from: 'user' });
  applyEnvironment(command, environment);
  return command.opts<ServeOptions & Record<string, unknown>>();
}

async function settingsOf(args: readonly string[], environment: Environment = {}): Promise<ServeSettings> {
  return decodeServeSettings(optionsOf(args, environment), environment);
}

const validity = { notBefore: new Date(Date.now() - 3_600_000), days: 2 };
const authority = await createAuthority({ commonName: 'clients', ...validity });
const other = await createAuthority({ commonName: 'others', ...validity });
const certificate = file('tls.crt', authority.certificate);
const key = file('tls.key', authority.key);
const otherKey = file('other.key', other.key);
const empty = file('empty.pem', '');
const client = await authority.issueClient({ commonName: 'kube-apiserver', ...validity });
const leaf = file('leaf.pem', client.certificate);
const PAIR = ['-c', certificate, '-k', key];
const withCa = (path: string): string[] => [...PAIR, '--client-ca', path];

describe('the settings of serve', () => {
  it('have the defaults of the Go program, and the documented defaults', async () => {
    assert.deepEqual(await settingsOf([]), {
      source: { kind: 'none' },
      client: undefined,
      canary: undefined,
      address: '127.0.0.1',
      port: 1323,
      healthPort: 1324,
      reviewTimeoutMs: 10_000,
      drainMs: 10_000,
      limits: {
        bodyBytes: 7 * 1024 * 1024,
        receivingBytes: 24 * 1024 * 1024,
        connections: 4096,
        queuedReviews: 4096,
        queueMs: 2000,
      },
      debug: false,
    });
  });

  it('follow every option', async () => {
    const args = ['-p8443', '--health-port=9000', '--review-timeout=3', '--drain=0', '--debug', '--bind=::'];
    const canary = ['--canary-kubeconfig=k', '--canary-interval=5', '--canary-namespace=n'];
    const sizes = ['--max-body=1', '--max-receiving=2'];
    const most = ['--max-connections=300', '--max-queue=4', '--max-wait=50', ...sizes];
    const given = [...withCa(certificate), '--client-name=a,, b ', ...args, ...canary, ...most];
    assert.deepEqual(await settingsOf(given), {
      source: {
        kind: 'files',
        certificateFile: certificate,
        keyFile: key,
        certificate: authority.certificate,
        key: authority.key,
      },
      client: { file: certificate, authority: authority.certificate, names: ['a', 'b'] },
      canary: { kubeconfig: 'k', intervalMs: 5000, namespace: 'n' },
      address: '::',
      port: 8443,
      healthPort: 9000,
      reviewTimeoutMs: 3000,
      drainMs: 0,
      limits: {
        bodyBytes: 1024 * 1024,
        receivingBytes: 2 * 1024 * 1024,
        connections: 300,
        queuedReviews: 4,
        queueMs: 50,
      },
      debug: true,
    });
  });

  it('use the port after the review port for health, if there is one', async () => {
    const ports = async (port: string) => (await settingsOf(['--port', port])).healthPort;
    assert.deepEqual([await ports('8443'), await ports('0'), await ports('65535')], [8444, 0, 65535]);
  });

  it('listen on every address with a certificate, on loopback without one, and on other addresses with --insecure-bind', async () => {
    const address = async (...args: string[]) => (await settingsOf(args)).address;
    assert.equal(await address(...PAIR), undefined);
    assert.equal(await address('--bind=127.8.9.10'), '127.8.9.10');
    assert.equal(await address('--bind=::1'), '::1');
    assert.equal(await address('--bind=0.0.0.0', '--insecure-bind'), '0.0.0.0');
    assert.equal(await address('--insecure-bind'), undefined);
  });

  it('store the self-signed certificate in the state folder of the user', async () => {
    const source = async (args: string[], environment?: Environment) =>
      (await settingsOf(['--self-signed', ...args], environment)).source;
    const usual = join(homedir(), '.local', 'state', 'kube-image-bouncer');
    const names = ['localhost', '127.0.0.1', '::1', 'image-bouncer-webhook.default.svc'];
    assert.deepEqual(await source([]), { kind: 'self-signed', folder: usual, names });
    assert.deepEqual(await source([], { XDG_STATE_HOME: '' }), { kind: 'self-signed', folder: usual, names });
    const states = join('/states', 'kube-image-bouncer');
    assert.deepEqual(await source([], { XDG_STATE_HOME: '/states' }), {
      kind: 'self-signed',
      folder: states,
      names,
    });
    assert.deepEqual(
      await source(['--state-dir=/s', '--host-names=a, 10.0.0.1'], { XDG_STATE_HOME: '/states' }),
      {
        kind: 'self-signed',
        folder: '/s',
        names: ['a', '10.0.0.1'],
      },
    );
  });
});

describe('settings that are not possible', () => {
  const both = file('both.pem', `${authority.certificate}\n${other.certificate}`);
  const torn = file('torn.pem', `${authority.certificate}\n${other.certificate.slice(0, 200)}`);
  const REFUSED: readonly (readonly [code: string, said: RegExp, ...args: string[]])[] = [
    ['SETTINGS_CONFLICT', /^--self-signed .*--cert and --key/, '--self-signed', ...PAIR],
    ['SETTINGS_CONFLICT', /^--self-signed .*--cert and --key/, '--self-signed', '-k', key],
    ['SETTINGS_CONFLICT', /^--key is missing/, '-c', certificate],
    ['SETTINGS_CONFLICT', /^--cert is missing/, '-k', key],
    ['FILE_UNREADABLE', /^--cert: \/nowhere cannot be read: ENOENT/, '-c', '/nowhere', '-k', key],
    ['FILE_UNREADABLE', /^--cert: \/dev\/zero cannot be read: it has more/, '-c', '/dev/zero', '-k', key],
    ['FILE_UNREADABLE', /^--key: .* cannot be read: EISDIR/, '-c', certificate, '-k', folder],
    ['FILE_UNREADABLE', /^--client-ca: \/nowhere cannot be read/, ...withCa('/nowhere')],
    [
      'SETTING_INVALID',
      /^--cert: .*tls\.key: the file holds a private key, and no certificate/,
      '-c',
      key,
      '-k',
      key,
    ],
    [
      'SETTING_INVALID',
      /^--key: .*: the file holds a certificate, and no private key/,
      '-c',
      certificate,
      '-k',
      certificate,
    ],
    [
      'SETTING_INVALID',
      /^--key: .*: the private key does not belong to the/,
      '-c',
      certificate,
      '-k',
      otherKey,
    ],
    // Without any CA, Node would trust the public CAs.
    ['SETTING_INVALID', /^--client-ca: .*empty\.pem: the file of the certificate is empty/, ...withCa(empty)],
    ['SETTING_INVALID', /^--client-ca: .*tls\.key: the file holds a private key/, ...withCa(key)],
    // XH1 No client could connect.
    [
      'SETTING_INVALID',
      /^--client-ca: .*: no certificate in the file may sign client certificates/,
      ...withCa(leaf),
    ],
    // OpenSSL would use the first certificate and report no error.
    ['SETTING_INVALID', /^--client-ca: .*torn\.pem: the certificate is not/, ...withCa(torn)],
    ['SETTINGS_CONFLICT', /^--client-ca needs HTTPS/, '--client-ca', certificate],
    ['SETTINGS_CONFLICT', /^--client-name .*: give --client-ca as well$/, ...PAIR, '--client-name=a'],
    ['SETTING_INVALID', /^--client-name: "," contains no name$/, ...withCa(certificate), '--client-name=,'],
    ['SETTING_INVALID', /^--client-name: "" contains no name$/, ...withCa(certificate), '--client-name='],
    ['SETTING_INVALID', /^--bind: "localhost" is not an IP address$/, '--bind=localhost'],
    ['SETTINGS_CONFLICT', /^--bind 0\.0\.0\.0 would serve plain HTTP/, '--bind=0.0.0.0'],
    ['SETTINGS_CONFLICT', /^--bind fe80::1%eth0 would serve plain HTTP/, '--bind=fe80::1%eth0'],
    ...['-1', '65536', '1e3', '0x10', '8443 ', 'tcp://10.0.0.1:1323', ''].map(
      (port) =>
        [
          'SETTING_INVALID',
          /^--port: ".*" is not a whole number from 0 to 65535$/,
          `--port=${port}`,
        ] as const,
    ),
    ['SETTING_INVALID', /^--health-port: "x" is not/, '--health-port=x'],
    ['SETTING_INVALID', /^--review-timeout: "0" is not a whole number from 1 to 30$/, '--review-timeout=0'],
    ['SETTING_INVALID', /^--review-timeout: "31" is not/, '--review-timeout=31'],
    ['SETTING_INVALID', /^--max-body: "65" is not a whole number from 1 to 64$/, '--max-body=65'],
    ['SETTING_INVALID', /^--max-receiving: "0" is not .* from 1 to 4096$/, '--max-receiving=0'],
    ['SETTINGS_CONFLICT', /^--max-receiving 6 .*: give --max-receiving 7 or more$/, '--max-receiving=6'],
    ['SETTING_INVALID', /^--max-connections: "7" is not .* from 8 to 65536$/, '--max-connections=7'],
    ['SETTING_INVALID', /^--max-queue: "0" is not .* from 1 to 65536$/, '--max-queue=0'],
    ['SETTING_INVALID', /^--max-wait: "30001" is not .* from 1 to 30000$/, '--max-wait=30001'],
    ['SETTINGS_CONFLICT', /^--state-dir needs --self-signed: give --self-signed as well/, '--state-dir=/tmp'],
    [
      'SETTINGS_CONFLICT',
      /^--host-names needs --self-signed: give --self-signed as well/,
      ...PAIR,
      '--host-names=a',
    ],
    ['SETTING_INVALID', /^--drain: "0\.5" is not a whole number from 0 to 3600$/, '--drain=0.5'],
  ];
  for (const [code, message, ...args] of REFUSED) {
    const shown = args.map((arg) => arg.replace(folder, '')).join(' ');
    it(`${shown} is refused with ${code}, naming the option`, async () => {
      await assert.rejects(settingsOf(args), { name: 'SettingsError', code, message });
    });
  }

  it('several CAs of clients are allowed', async () => {
    assert.equal((await settingsOf(withCa(both))).client?.authority.includes(other.certificate), true);
  });

  it('registries under two names, together with a policy, or in an empty list are refused', () => {
    const refused = (code: string, ...args: string[]) =>
      assert.throws(() => decodePolicyOrigin(optionsOf(args)), { name: 'SettingsError', code });
    refused('SETTINGS_CONFLICT', '--allowed-registries=a.io', '--registry-whitelist=a.io');
    refused('SETTINGS_CONFLICT', '--allowed-registries=a.io', '--policy=p.yaml');
    refused('SETTINGS_CONFLICT', '--registry-whitelist=a.io', '--policy=p.yaml');
    refused('SETTING_INVALID', '--allowed-registries= , ');
    assert.deepEqual(decodePolicyOrigin(optionsOf(['--registry-whitelist=a.io, b.io:5000'])), {
      kind: 'default',
      registries: ['a.io', 'b.io:5000'],
    });
  });
});

describe('a variable of the environment', () => {
  const switches = new Set(['debug', 'selfSigned', 'insecureBind']);
  const flagOf = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

  for (const [name, variable] of Object.entries(VARIABLES)) {
    it(`${variable} sets ${flagOf(name)}, and the flag overrides it`, () => {
      const value = (options: ServeOptions) => options[name as keyof ServeOptions];
      if (switches.has(name)) {
        assert.equal(value(optionsOf([], { [variable]: 'true' })), true);
        assert.equal(value(optionsOf([flagOf(name)], { [variable]: 'false' })), true);
      } else {
        assert.equal(value(optionsOf([], { [variable]: '7' })), '7');
        assert.equal(value(optionsOf([`${flagOf(name)}=8`], { [variable]: '7' })), '8');
      }
      assert.equal(value(optionsOf([], { [variable]: '' })), value(optionsOf([])), 'empty is not set');
    });
  }

  it('exists for every option, and --help lists it', () => {
    const { options } = addServeOptions(new Command('serve'));
    assert.deepEqual(
      options.map((option) => option.attributeName()).toSorted(),
      Object.keys(VARIABLES).toSorted(),
    );
    for (const option of options) assert.match(renderEnvironment(), new RegExp(`${option.long}$`, 'm'));
  });

  it('of a switch accepts the values of strconv.ParseBool, and no similar values', () => {
    for (const yes of ['1', 't', 'T', 'TRUE', 'true', 'True', ' yes ', 'on'])
      assert.equal(optionsOf([], { BOUNCER_DEBUG: yes }).debug, true, yes);
    for (const no of ['0', 'f', 'F', 'FALSE', 'false', 'False', 'no', 'off'])
      assert.equal(optionsOf([], { BOUNCER_DEBUG: no }).debug, false, no);
    for (const neither of ['2', 'maybe', 'truee', '-'])
      assert.throws(() => optionsOf([], { BOUNCER_DEBUG: neither }), {
        code: 'SETTING_INVALID',
        message: /^BOUNCER_DEBUG: /,
      });
  });

  it('of the registries is overridden by a flag with either name', () => {
    const environment = { BOUNCER_REGISTRY_WHITELIST: 'old.io', BOUNCER_ALLOWED_REGISTRIES: 'new.io' };
    const { allowedRegistries, registryWhitelist } = optionsOf(['--registry-whitelist=flag.io'], environment);
    assert.deepEqual([allowedRegistries, registryWhitelist], [undefined, 'flag.io']);
  });
});
