import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { valueAt } from '../document/json.ts';
import { parseDocuments } from '../document/yaml.ts';
import { type GatePodOptions, renderGatePod } from './gate-pod.ts';

const options: GatePodOptions = {
  image: 'registry.example.com/gate@sha256:abc',
  folder: '/srv/gate',
  address: '127.0.0.1',
  port: 1323,
  healthPort: 1324,
  clientAuthority: 'authority',
};

function pod(changes: Partial<GatePodOptions> = {}): unknown {
  return parseDocuments(renderGatePod({ ...options, ...changes }), 'pod.yaml')[0]?.value;
}

const container = ['spec', 'containers', 0] as const;
const argumentsOf = (value: unknown): unknown => valueAt(value, [...container, 'args']);

describe('the gate as a static pod', () => {
  it('requires mutual TLS, and accepts only the API server', () =>
    assert.deepEqual(argumentsOf(pod()), [
      'serve',
      '--cert=/etc/kubernetes/kube-image-bouncer/pki/tls.crt',
      '--key=/etc/kubernetes/kube-image-bouncer/pki/tls.key',
      '--client-ca=/etc/kubernetes/kube-image-bouncer/pki/ca.crt',
      '--client-name=kube-apiserver',
      '--policy=/etc/kubernetes/kube-image-bouncer/policy.yaml',
      '--bind=127.0.0.1',
      '--port=1323',
      '--health-port=1324',
    ]));

  it('is restricted in everything except the network that it needs', () => {
    const value = pod();
    assert.deepEqual(valueAt(value, [...container, 'securityContext']), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.deepEqual(valueAt(value, ['spec', 'securityContext']), {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.equal(valueAt(value, ['spec', 'automountServiceAccountToken']), false);
    assert.equal(valueAt(value, ['spec', 'priorityClassName']), 'system-node-critical');
    assert.equal(valueAt(value, ['spec', 'hostNetwork']), true);
    assert.deepEqual(valueAt(value, [...container, 'volumeMounts', 0]), {
      name: 'files',
      mountPath: '/etc/kubernetes/kube-image-bouncer',
      readOnly: true,
    });
    assert.deepEqual(Object.keys(Object(valueAt(value, [...container, 'resources']))), [
      'requests',
      'limits',
    ]);
  });

  const flips: readonly (readonly [Partial<GatePodOptions>, RegExp])[] = [
    [
      { image: 'registry.example.com/other@sha256:abc' },
      /^ {6}image: registry\.example\.com\/other@sha256:abc$/m,
    ],
    [{ folder: '/srv/other' }, /^ {8}path: \/srv\/other$/m],
    [{ address: '10.0.0.7' }, /--bind=10\.0\.0\.7\n[\s\S]*host: 10\.0\.0\.7\n/],
    [{ port: 8443 }, /--port=8443\n/],
    [{ healthPort: 8081 }, /--health-port=8081\n[\s\S]*port: 8081\n/],
    [{ clientAuthority: 'clientAuthority' }, /--client-ca=\S+\/client-ca\.crt\n/],
  ];
  for (const [change, pattern] of flips) {
    it(`flip: ${Object.keys(change).join()}`, () => {
      assert.match(renderGatePod({ ...options, ...change }), pattern);
      assert.doesNotMatch(renderGatePod(options), pattern);
    });
  }

  it('is probed at an address on which it listens, also if it listens on all', () => {
    const host = (address: string): unknown =>
      valueAt(pod({ address }), [...container, 'livenessProbe', 'httpGet', 'host']);
    assert.deepEqual([host('0.0.0.0'), host('::'), host('fd00::1')], ['127.0.0.1', '::1', 'fd00::1']);
  });
});
