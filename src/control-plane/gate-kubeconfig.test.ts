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
  cluster: {server: "https://a", certificate-authority-data: AA==, insecure-skip-tls-verify: true, tls-server-name: n}
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
    [true, 'n', 'AA==', 'CC=='],
  );
  assert.equal(parseGateKubeconfig(`${text}current-context: d\n`, 'k.yaml').hasContext, false);
});

test('an invalid kubeconfig is refused with its place', () => {
  for (const text of ['kind: Pod\n', '', 'kind: Config\n---\nkind: Config\n'])
    assert.throws(() => parseGateKubeconfig(text, 'k.yaml'), {
      code: 'GATE_KUBECONFIG_INVALID',
      message: /^k\.yaml:1:1: it is not a kubeconfig/,
    });
});
