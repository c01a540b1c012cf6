import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { parseGateKubeconfig, renderGateKubeconfig } from './gate-kubeconfig.ts';

const way = {
  server: 'https://127.0.0.1:1323/image_policy',
  authorityFile: '/gate/pki/ca.crt',
  clientCertificateFile: '/gate/pki/apiserver-client.crt',
  clientKeyFile: '/gate/pki/apiserver-client.key',
};

describe('the kubeconfig of the gate', () => {
  it('has the contexts that the plugin requires, and is read as it was written', () => {
    const written = parseGateKubeconfig(renderGateKubeconfig(way), 'k.yaml');
    assert.equal(written.hasContext, true);
    assert.deepEqual(
      [written.server, written.authorityFile, written.clientCertificateFile, written.clientKeyFile].map(
        (value) => value?.value,
      ),
      Object.values(way),
    );
    assert.equal(written.isUnverified, false);
  });

  for (const [key, value] of Object.entries(way)) {
    it(`flip: ${key}`, () =>
      assert.ok(renderGateKubeconfig({ ...way, [key]: `${value}-other` }).includes(`${value}-other\n`)));
  }
});

test('missing values of a kubeconfig are undefined, the others have a place', () => {
  const text = `apiVersion: v1
kind: Config
clusters:
- name: a
  cluster: {server: "https://a", certificate-authority-data: AA==, insecure-skip-tls-verify: true, tls-server-name: s}
users:
- name: u
  user: {client-certificate-data: BB==, client-key-data: CC==}
contexts:
- {name: c, context: {cluster: a, user: u}}
`;
  const without = parseGateKubeconfig(text, 'k.yaml');
  assert.deepEqual(
    [without.currentContext, without.hasContext, without.server],
    [undefined, false, undefined],
  );
  const found = parseGateKubeconfig(`${text}current-context: c\n`, 'k.yaml');
  assert.deepEqual(found.server, { value: 'https://a', position: '5:13' });
  assert.deepEqual(
    [found.isUnverified, found.serverName?.value, found.authorityData?.value, found.clientKeyData?.value],
    [true, 's', 'AA==', 'CC=='],
  );
  assert.equal(parseGateKubeconfig(`${text}current-context: d\n`, 'k.yaml').hasContext, false);
});

test('an invalid kubeconfig is refused with its place', () => {
  for (const text of ['kind: Pod\n', 'apiVersion: v2\nkind: Config\n'])
    assert.throws(() => parseGateKubeconfig(text, 'k.yaml'), {
      code: 'GATE_KUBECONFIG_INVALID',
      message: /^k\.yaml:1:1: it is not a kubeconfig/,
    });
});

test('X02 a kubeconfig without kind and apiVersion is one for client-go', () => {
  const text = 'current-context: c\ncontexts: [{name: c, context: {cluster: a}}]\n';
  assert.equal(parseGateKubeconfig(text, 'k.yaml').hasContext, true);
});

test('X02 values that client-go cannot decode are refused at their place', () => {
  const cases: Readonly<Record<string, RegExp>> = {
    'users: [{name: u, user: {token: 12345}}]':
      /^k\.yaml:1:26: it is a number, and text is needed \(quote it\)/,
    'users: {name: u}': /^k\.yaml:1:1: it is a map, and a list is needed/,
    'clusters: [{cluster: {certificate-authority-data: "!"}}]': /^k\.yaml:1:23: it is not base64/,
    'contexts: [{name: c}, {name: c}]': /contexts has two entries with the name "c"/,
  };
  for (const [text, message] of Object.entries(cases))
    assert.throws(() => parseGateKubeconfig(text, 'k.yaml'), { code: 'GATE_KUBECONFIG_INVALID', message });
});

test('X02 values that client-go refuses together are conflicts', () => {
  const conflictsOf = (cluster: string, user: string): readonly string[] =>
    parseGateKubeconfig(
      `clusters: [{name: a, cluster: {server: "https://a", ${cluster}}}]
users: [{name: u, user: {${user}}}]
contexts: [{name: c, context: {cluster: a, user: u}}]
current-context: c
`,
      'k.yaml',
    ).conflicts.map(({ position, sentence }) => `${position} ${sentence}`);
  assert.deepEqual(conflictsOf('certificate-authority: f', 'client-certificate: f, client-key: f'), []);
  assert.match(
    conflictsOf('certificate-authority: f, certificate-authority-data: AA==', '').join(),
    /^1:53 it has certificate-authority and certificate-authority-data/,
  );
  assert.match(
    conflictsOf('certificate-authority: f, insecure-skip-tls-verify: true', '').join(),
    /beside a CA/,
  );
  assert.match(conflictsOf('', 'client-certificate: f').join(), /no client-key/);
  assert.match(conflictsOf('', 'token: t, password: p').join(), /a token and a password/);
  assert.match(conflictsOf('', 'as-groups: [g]').join(), /as-groups needs `as` beside it/);
});
