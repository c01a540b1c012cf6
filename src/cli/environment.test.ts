import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { Command } from 'commander';
import { applyEnvironment, renderEnvironment, VARIABLES } from './environment.ts';
import type { Environment } from './command.ts';
import { addServeOptions } from './commands/serve.ts';
import type { ServeOptions } from './commands/serve-settings.ts';
import { SettingsError } from './settings.ts';

/** The options of `serve` with these flags and this environment. */
function optionsOf(flags: readonly string[], environment: Environment = {}): ServeOptions {
  const command = addServeOptions(new Command('serve')).exitOverride();
  command.parse([...flags], { from: 'user' });
  applyEnvironment(command, environment);
  return command.opts<ServeOptions>();
}

/** The options that are switches; all others take a value. */
const SWITCHES = new Set(['debug', 'insecureBind', 'selfSigned']);

describe('a variable sets its option', () => {
  for (const [option, variable] of Object.entries(VARIABLES)) {
    const value = SWITCHES.has(option) ? 'true' : '42';
    it(`flip: ${variable}`, () => {
      const key = option as keyof ServeOptions;
      assert.notEqual(optionsOf([])[key], SWITCHES.has(option) || value);
      assert.equal(optionsOf([], { [variable]: value })[key], SWITCHES.has(option) || value);
    });
    it(`a flag overrides ${variable}, and an empty variable counts as unset`, () => {
      const key = option as keyof ServeOptions;
      const flag = `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      const flags = SWITCHES.has(option) ? [flag] : [flag, 'flag'];
      assert.equal(
        optionsOf(flags, { [variable]: SWITCHES.has(option) ? 'false' : 'other' })[key],
        SWITCHES.has(option) || 'flag',
      );
      assert.equal(optionsOf([], { [variable]: '' })[key], optionsOf([])[key]);
    });
  }

  it('every option of serve has a variable, and every variable has an option', () => {
    const options = addServeOptions(new Command()).options.map((option) => option.attributeName());
    assert.deepEqual(options.toSorted(), Object.keys(VARIABLES).toSorted());
    assert.equal(new Set(Object.values(VARIABLES)).size, options.length);
    for (const variable of Object.values(VARIABLES))
      assert.match(renderEnvironment(), new RegExp(`^ {2}${variable} +--[a-z-]+$`, 'm'));
  });

  it('BOUNCER_PORT is ignored if Kubernetes sets it for a Service called bouncer', () => {
    assert.equal(optionsOf([], { BOUNCER_PORT: 'tcp://10.0.0.1:443' }).port, '1323');
    assert.equal(optionsOf([], { BOUNCER_CERTIFICATE: 'tcp://10.0.0.1:443' }).cert, 'tcp://10.0.0.1:443');
  });

  it('the variables of the Go program keep their names', () => {
    const names = [
      'BOUNCER_CERTIFICATE',
      'BOUNCER_KEY',
      'BOUNCER_REGISTRY_WHITELIST',
      'BOUNCER_PORT',
      'BOUNCER_DEBUG',
    ];
    assert.deepEqual(
      names.filter((name) => !Object.values<string>(VARIABLES).includes(name)),
      [],
    );
  });
});

describe('a switch is on or off', () => {
  for (const word of ['1', 't', 'T', 'TRUE', 'true', 'True', 'yes', 'Y', 'on']) {
    it(`${word} is on`, () => assert.equal(optionsOf([], { BOUNCER_DEBUG: word }).debug, true));
  }
  for (const word of ['0', 'f', 'F', 'FALSE', 'false', 'False', 'no', 'N', 'off', ' false ']) {
    it(`${word} is off`, () => assert.equal(optionsOf([], { BOUNCER_DEBUG: word }).debug, false));
  }
  for (const word of ['disabled', 'none', '2', 'nein']) {
    it(`${word} is neither on nor off`, () => {
      assert.throws(
        () => optionsOf([], { BOUNCER_INSECURE_BIND: word }),
        (error) =>
          error instanceof SettingsError &&
          error.code === 'SETTING_INVALID' &&
          error.message === `BOUNCER_INSECURE_BIND: "${word}" is neither "true" nor "false"`,
      );
    });
  }
});

test('a flag with either name of the registries overrides the variables of both names', () => {
  const environment = { BOUNCER_REGISTRY_WHITELIST: 'a.io', BOUNCER_ALLOWED_REGISTRIES: 'b.io' };
  const modern = optionsOf(['--allowed-registries', 'c.io'], environment);
  assert.deepEqual([modern.allowedRegistries, modern.registryWhitelist], ['c.io', undefined]);
  const older = optionsOf(['--registry-whitelist', 'c.io'], environment);
  assert.deepEqual([older.allowedRegistries, older.registryWhitelist], [undefined, 'c.io']);
});

test('the letters and defaults of the Go program are kept', () => {
  const { cert, key, port } = optionsOf(['-c', 'c.pem', '-k', 'k.pem']);
  assert.deepEqual([cert, key, port], ['c.pem', 'k.pem', '1323']);
  assert.equal(optionsOf(['-p', '8080']).port, '8080');
});
