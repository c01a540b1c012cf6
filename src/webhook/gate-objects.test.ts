import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { addServeOptions } from '../cli/commands/serve.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { parseKubernetesVersion } from '../kubernetes/version.ts';
import { languageOf } from './gate-deployment.ts';
import { injectionOf, renderGateObjects, type GateInstallation } from './gate-objects.ts';

const gate: GateInstallation = {
  namespace: 'gates',
  image: 'registry.example.com/gate:1',
  replicas: 3,
  client: undefined,
  certificates: {
    source: 'own',
    serving: { certificate: 'LEAF', key: 'LEAF KEY' },
    trust: 'CA',
    authority: { certificate: 'CA', key: 'CA KEY' },
  },
  policyText: 'the policy\n',
  version: parseKubernetesVersion('1.37') ?? assert.fail(),
};

function find(kind: string, changes: Partial<GateInstallation> = {}, name?: string): KubernetesObject {
  const found = renderGateObjects({ ...gate, ...changes }).find(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  return found ?? assert.fail(`no ${kind} ${name ?? ''}`);
}

/** The value at a path of an object, such as `a.b.0.c`. */
function at(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((parent, key) => (parent as Record<string, unknown>)[key], object);
}

const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;

describe('the objects of a gate', () => {
  it('have the language of the gate, which can be read back', () => {
    for (const language of [undefined, 'zh', 'pt-BR'])
      assert.equal(languageOf(find('Deployment', { language })), language);
    const spec = {
      template: { spec: { containers: [{}, { args: 'no list' }, null, { args: [7, '--x'] }] } },
    };
    for (const odd of [{}, { spec: 1 }, { spec: {} }, { spec: { template: { spec: {} } } }, { spec }])
      assert.equal(
        languageOf({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, ...odd }),
        undefined,
      );
  });

  it('can be created in their order', () => {
    const kinds = renderGateObjects(gate).map(({ kind }) => kind);
    assert.deepEqual(kinds, [
      'Namespace',
      'ServiceAccount',
      'Secret',
      'Secret',
      'ConfigMap',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'Deployment',
    ]);
  });

  it('are all in the namespace, with the labels of the gate', () => {
    for (const { kind, metadata } of renderGateObjects(gate)) {
      assert.equal(kind === 'Namespace' ? metadata.name : metadata.namespace, 'gates', kind);
      assert.equal(metadata.labels?.['app.kubernetes.io/managed-by'], 'kube-image-bouncer', kind);
    }
  });

  it('grant no rights, and mount no token', () => {
    const kinds = renderGateObjects(gate).map(({ kind }) => kind);
    assert.deepEqual(
      kinds.filter((kind) => /Role|Binding/.test(kind)),
      [],
    );
    assert.equal(find('ServiceAccount')['automountServiceAccountToken'], false);
    assert.equal(at(find('Deployment'), `${POD}.automountServiceAccountToken`), false);
    assert.equal(at(find('Deployment'), `${POD}.serviceAccountName`), 'kube-image-bouncer');
  });

  it('mount the key of the CA into no pod', () => {
    const authority = find('Secret', {}, 'kube-image-bouncer-authority');
    assert.deepEqual(authority['data'], {
      'tls.crt': Buffer.from('CA').toString('base64'),
      'tls.key': Buffer.from('CA KEY').toString('base64'),
    });
    assert.doesNotMatch(JSON.stringify(find('Deployment')), /kube-image-bouncer-authority/);
  });

  it('flip: with a given CA, or with cert-manager, no CA key is in the cluster', () => {
    const others = { ...gate.certificates, authority: undefined } as GateInstallation['certificates'];
    const names = (certificates: GateInstallation['certificates']): string[] =>
      renderGateObjects({ ...gate, certificates })
        .filter(({ kind }) => kind === 'Secret' || kind === 'Certificate')
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual(names(others), ['Secret kube-image-bouncer-tls']);
    const issuer = { kind: 'ClusterIssuer', name: 'company' } as const;
    const issued = { source: 'cert-manager', issuer } as const;
    assert.deepEqual(names(issued), ['Certificate kube-image-bouncer']);
    const { spec } = find('Certificate', { certificates: issued });
    assert.deepEqual(at(spec, 'issuerRef'), { group: 'cert-manager.io', ...issuer });
    assert.deepEqual(at(spec, 'dnsNames'), ['kube-image-bouncer.gates.svc']);
    assert.deepEqual(injectionOf(issued, 'gates'), {
      'cert-manager.io/inject-ca-from': 'gates/kube-image-bouncer',
    });
    assert.equal(injectionOf(others, 'gates'), undefined);
  });

  it('stay available during drains, and never block a drain', () => {
    const deployment = find('Deployment');
    assert.deepEqual(at(deployment, 'spec.strategy.rollingUpdate'), { maxSurge: 1, maxUnavailable: 0 });
    const spread = at(deployment, `${POD}.topologySpreadConstraints`) as { topologyKey: string }[];
    assert.deepEqual(
      spread.map(({ topologyKey }) => topologyKey),
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'],
    );
    assert.equal(at(deployment, `${POD}.priorityClassName`), 'system-cluster-critical');
    const budget = (version: string): unknown =>
      find('PodDisruptionBudget', { version: parseKubernetesVersion(version) ?? assert.fail() })['spec'];
    assert.equal(at(budget('1.27'), 'maxUnavailable'), 1);
    assert.equal(at(budget('1.27'), 'unhealthyPodEvictionPolicy'), 'AlwaysAllow');
    assert.equal(at(budget('1.26'), 'unhealthyPodEvictionPolicy'), undefined);
  });

  it('accept reviews and probes, and no outgoing traffic', () => {
    const { spec } = find('NetworkPolicy');
    assert.deepEqual(at(spec, 'policyTypes'), ['Ingress', 'Egress']);
    assert.equal(at(spec, 'egress'), undefined);
    const ports = at(spec, 'ingress.0.ports') as { port: number }[];
    assert.deepEqual(
      ports.map(({ port }) => port),
      [8443, 8081],
    );
  });

  it('start the gate with existing options, on the ports of the Service', () => {
    const client = { commonName: 'kube-apiserver', authority: 'PEM' };
    const args = at(find('Deployment', { client }), `${CONTAINER}.args`) as string[];
    const serve = addServeOptions(new Command('serve')).exitOverride();
    serve.parse(args.slice(1), { from: 'user' });
    assert.deepEqual(args[0], 'serve');
    const { cert, key, policy, port, healthPort, clientCa, clientName } = serve.opts();
    assert.deepEqual(
      { cert, key, policy, port, healthPort, clientCa, clientName },
      {
        cert: '/etc/kube-image-bouncer/tls/tls.crt',
        key: '/etc/kube-image-bouncer/tls/tls.key',
        policy: '/etc/kube-image-bouncer/policy/policy.yaml',
        port: '8443',
        healthPort: '8081',
        clientCa: '/etc/kube-image-bouncer/client-authority/ca.crt',
        clientName: 'kube-apiserver',
      },
    );
    assert.equal(
      at(find('Service'), 'spec.ports.0.targetPort'),
      at(find('Deployment'), `${CONTAINER}.ports.0.name`),
    );
    assert.equal(at(find('Deployment'), `${CONTAINER}.ports.0.containerPort`), 8443);
  });

  it('flip: clients of the gate’s own CA, of another CA, or every client', () => {
    const args = (client: GateInstallation['client']): string =>
      (at(find('Deployment', { client }), `${CONTAINER}.args`) as string[]).join(' ');
    assert.doesNotMatch(args(undefined), /--client/);
    assert.match(
      args({ commonName: 'a', authority: undefined }),
      /--client-ca=\/etc\/kube-image-bouncer\/tls\/ca\.crt --client-name=a$/,
    );
    assert.match(args({ commonName: 'a', authority: 'PEM' }), /\/client-authority\/ca\.crt/);
    const name = 'kube-image-bouncer-client-authority';
    const other = find('ConfigMap', { client: { commonName: 'a', authority: 'PEM' } }, name);
    assert.deepEqual(other['data'], { 'ca.crt': 'PEM' });
  });

  it('flip: image, replicas, policy and namespace', () => {
    const changes = { image: 'x/y:1', replicas: 5, policyText: 'another\n' };
    assert.equal(at(find('Deployment', changes), `${CONTAINER}.image`), 'x/y:1');
    assert.equal(at(find('Deployment', changes), 'spec.replicas'), 5);
    assert.deepEqual(find('ConfigMap', changes)['data'], { 'policy.yaml': 'another\n' });
  });
});
