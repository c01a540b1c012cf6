import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { reviewOf } from '#test/bare-reviews.ts';
import { decide } from '#test/verdicts.ts';
import { choosePolicy, decodePolicyOrigin, type PolicyOptions } from './policy-options.ts';
import { SettingsError, splitList, type SettingsErrorCode } from './settings.ts';

function registriesOf(options: PolicyOptions): readonly string[] {
  const origin = decodePolicyOrigin(options);
  return origin.kind === 'default' ? origin.registries : [];
}

describe('the registries that are allowed', () => {
  it('are the parts of a list', () => {
    assert.deepEqual(splitList(' a.io, ,b.io:5000,'), ['a.io', 'b.io:5000']);
    assert.deepEqual(registriesOf({ allowedRegistries: 'a.io,b.io' }), ['a.io', 'b.io']);
    assert.deepEqual(registriesOf({ registryWhitelist: 'a.io' }), ['a.io']);
    assert.deepEqual(registriesOf({}), []);
    assert.deepEqual(
      registriesOf({ allowedRegistries: '' }),
      [],
      'an empty list is no list, as in the Go program',
    );
  });

  const REFUSED: readonly (readonly [PolicyOptions, SettingsErrorCode, RegExp])[] = [
    [{ allowedRegistries: 'a.io', registryWhitelist: 'a.io' }, 'SETTINGS_CONFLICT', /older name/],
    [{ allowedRegistries: 'a.io', policy: 'p.yaml' }, 'SETTINGS_CONFLICT', /write an allowedImages rule/],
    // An empty list must not allow every registry.
    [{ allowedRegistries: ',' }, 'SETTING_INVALID', /"," contains no host/],
    [{ registryWhitelist: ' ' }, 'SETTING_INVALID', /" " contains no host/],
    [{ allowedRegistries: 'GHCR.io' }, 'SETTING_INVALID', /upper-case/],
    [{ allowedRegistries: 'https://ghcr.io' }, 'SETTING_INVALID', /scheme/],
    [{ allowedRegistries: '*' }, 'SETTING_INVALID', /admits images of every registry/],
    [{ allowedRegistries: '*.io' }, 'SETTING_INVALID', /where anybody can register a name/],
    [{ allowedRegistries: 'ghcr' }, 'SETTING_INVALID', /names no registry/],
  ];
  for (const [options, code, message] of REFUSED) {
    it(`are refused: ${JSON.stringify(options)}`, async () => {
      await assert.rejects(
        async () => choosePolicy(options, undefined, new PassThrough()),
        (error) => error instanceof SettingsError && error.code === code && message.test(error.message),
      );
    });
  }

  it('admit their images, also under an alias of Docker Hub', async () => {
    const policy = await choosePolicy({ allowedRegistries: 'index.docker.io' }, undefined, new PassThrough());
    assert.equal(decide(reviewOf('nginx:1'), policy).outcome, 'admitted');
    assert.equal(decide(reviewOf('ghcr.io/nginx:1'), policy).outcome, 'refused');
  });
});
