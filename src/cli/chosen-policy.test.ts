import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reviewOf } from '#test/bare-reviews.ts';
import { decide } from '#test/verdicts.ts';
import { choosePolicy, chooseRegistries, splitList, type PolicyOptions } from './chosen-policy.ts';
import { SettingsError, type SettingsErrorCode } from './settings-error.ts';

describe('the registries that are allowed', () => {
  it('are the parts of a list', () => {
    assert.deepEqual(splitList(' a.io, ,b.io:5000,'), ['a.io', 'b.io:5000']);
    assert.deepEqual(chooseRegistries({ allowedRegistries: 'a.io,b.io' }), ['a.io', 'b.io']);
    assert.deepEqual(chooseRegistries({ registryWhitelist: 'a.io' }), ['a.io']);
    assert.deepEqual(chooseRegistries({}), []);
    assert.deepEqual(
      chooseRegistries({ allowedRegistries: '' }),
      [],
      'an empty one is none, as in the Go program',
    );
  });

  const REFUSED: readonly (readonly [PolicyOptions, SettingsErrorCode, RegExp])[] = [
    [{ allowedRegistries: 'a.io', registryWhitelist: 'a.io' }, 'SETTINGS_CONFLICT', /older name/],
    [{ allowedRegistries: 'a.io', policy: 'p.yaml' }, 'SETTINGS_CONFLICT', /write an allowedImages rule/],
    // A list of nothing must not allow everything.
    [{ allowedRegistries: ',' }, 'SETTING_INVALID', /"," names no host/],
    [{ registryWhitelist: ' ' }, 'SETTING_INVALID', /" " names no host/],
    [{ allowedRegistries: 'GHCR.io' }, 'SETTING_INVALID', /upper-case/],
    [{ allowedRegistries: 'https://ghcr.io' }, 'SETTING_INVALID', /scheme/],
    [{ allowedRegistries: '*' }, 'SETTING_INVALID', /lets images of every registry in/],
    [{ allowedRegistries: '*.io' }, 'SETTING_INVALID', /wildcard in the last two labels/],
    [{ allowedRegistries: 'ghcr' }, 'SETTING_INVALID', /names no registry/],
  ];
  for (const [options, code, message] of REFUSED) {
    it(`are refused: ${JSON.stringify(options)}`, async () => {
      await assert.rejects(
        choosePolicy(options),
        (error) => error instanceof SettingsError && error.code === code && message.test(error.message),
      );
    });
  }

  it('let in what comes from them, whatever of Docker Hub is written how', async () => {
    const policy = await choosePolicy({ allowedRegistries: 'index.docker.io' });
    assert.equal(decide(reviewOf('nginx:1'), policy).outcome, 'admitted');
    assert.equal(decide(reviewOf('ghcr.io/nginx:1'), policy).outcome, 'refused');
  });
});
