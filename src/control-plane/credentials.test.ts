import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { behindUserInfo, CredentialScreen, hideUserInfo } from './credentials.ts';
import { renderChanges } from './file-plan.ts';

const CREDENTIAL = 'not-for-the-terminal';

describe('XH6 no output has the value of a credential field', () => {
  const HIDES: readonly string[] = [
    `token: ${CREDENTIAL}`,
    `    token: "${CREDENTIAL}" # comment`,
    `  client-key-data: ${CREDENTIAL}`,
    `user: {password: '${CREDENTIAL}', username: u}`,
    `{"users":[{"user":{"token":"${CREDENTIAL}"}}]}`,
    `  auth-provider:\n    config:\n      id-token: ${CREDENTIAL}\n      client-secret: ${CREDENTIAL}\n`,
    `token: |\n  ${CREDENTIAL}\n  ${CREDENTIAL}\nnext: 1\n`,
    `- token: >-\n    ${CREDENTIAL}\n  user: u\n`,
    `token:\n  ${CREDENTIAL}\n`,
    `token: "first\n${CREDENTIAL}"\nnext: 1\n`,
    `password: first\n  ${CREDENTIAL}\n`,
    `env:\n- name: REGISTRY_TOKEN\n  value: ${CREDENTIAL}\n`,
    `-----BEGIN EC PRIVATE KEY-----\n${CREDENTIAL}\n-----END EC PRIVATE KEY-----\n`,
    `data: |\n  -----BEGIN PRIVATE KEY-----\n  ${CREDENTIAL}\n`,
    `clientSecret: ${CREDENTIAL}`,
  ];
  for (const text of HIDES)
    it(JSON.stringify(text), () => {
      const hidden = new CredentialScreen().hide(text);
      assert.doesNotMatch(hidden, new RegExp(CREDENTIAL));
      assert.equal(hidden.split('\n').length, text.split('\n').length, hidden);
    });

  const SHOWS: readonly string[] = [
    'client-key: /etc/kubernetes/pki/apiserver.key\ntokenFile: /x\nserver: https://a\n',
    'automountServiceAccountToken: false\n',
    '- --token-auth-file=/x\n- --enable-admission-plugins=A\n',
    'secret: {secretName: a}\nvolumes:\n- secret:\n    secretName: a\n',
    'client-certificate-data: AA==\nname: token\n',
    'env:\n- name: MODE\n  value: x\n',
  ];
  for (const text of SHOWS)
    it(`all of ${JSON.stringify(text)} is shown`, () =>
      assert.equal(new CredentialScreen().hide(text), text));

  it('the other parts of a line stay, and a changed value is called another one', () => {
    const before = new CredentialScreen();
    assert.equal(before.hide('a: {token: x, user: u}'), 'a: {token: [hidden], user: u}');
    assert.equal(
      new CredentialScreen(before).hide('a: {token: x}\nb: {token: y}'),
      'a: {token: [hidden]}\nb: {token: [hidden, another value]}',
    );
  });

  it('in the address of a gate', () => {
    assert.equal(hideUserInfo(`https://u:${CREDENTIAL}@gate:1/p`), 'https://[hidden]@gate:1/p');
    assert.equal(hideUserInfo('https://gate/@p'), 'https://gate/@p');
    assert.equal(behindUserInfo(`https://u:${CREDENTIAL}@gate:1/p`), 'gate:1/p');
    assert.equal(behindUserInfo('https://gate/@p'), 'https://gate/@p');
  });

  it('in the difference of an existing kubeconfig', () => {
    const text = `users:\n- name: u\n  user:\n    token: ${CREDENTIAL}\n    client-key-data: ${CREDENTIAL}\n`;
    const shown = renderChanges([
      {
        file: { path: '/k.yaml', content: 'users: []\n' },
        before: { content: Buffer.from(text), mode: 0o600, uid: 0, gid: 0 },
      },
    ]);
    assert.doesNotMatch(shown, new RegExp(CREDENTIAL));
    assert.match(shown, /^-    token: \[hidden\]$/m);
  });
});
