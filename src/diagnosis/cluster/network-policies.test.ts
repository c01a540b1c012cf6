import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderDeployment } from '../../webhook/gate-deployment.ts';
import type { ClusterMaterial } from './material.ts';
import { examineNetworkPolicies } from './network-policies.ts';

const DEPLOYMENT = renderDeployment({
  namespace: 'gate',
  image: 'gate:1',
  replicas: 3,
  client: undefined,
});

function isBlocked(...specs: readonly object[]): boolean {
  const networkPolicies = specs.map((spec, index) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `p${index}`, namespace: 'gate' },
    spec: { podSelector: {}, ...spec },
  }));
  const gate = { deployment: DEPLOYMENT, networkPolicies };
  return examineNetworkPolicies({ gate } as unknown as ClusterMaterial).length > 0;
}

describe('network policies around the gate', () => {
  const block = { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] };
  const CASES: readonly (readonly [what: string, specs: readonly object[], blocked: boolean])[] = [
    ['none', [], false],
    ['nothing is let in', [{ ingress: [] }], true],
    ['no list of what is let in', [{}], true],
    ['everything', [{ ingress: [{}] }], false],
    ['the port, from anywhere', [{ ingress: [{ ports: [{ port: 8443 }] }] }], false],
    ['the port by its name', [{ ingress: [{ ports: [{ port: 'https', protocol: 'TCP' }] }] }], false],
    ['another name', [{ ingress: [{ ports: [{ port: 'health' }] }] }], true],
    ['a range that holds it', [{ ingress: [{ ports: [{ port: 8000, endPort: 9000 }] }] }], false],
    ['a range that ends before it', [{ ingress: [{ ports: [{ port: 8000, endPort: 8442 }] }] }], true],
    ['the port over UDP', [{ ingress: [{ ports: [{ port: 8443, protocol: 'UDP' }] }] }], true],
    ['addresses', [{ ingress: [block] }], false],
    ['pods only', [{ ingress: [{ from: [{ podSelector: {} }] }] }], true],
    ['addresses, at another port', [{ ingress: [{ ...block, ports: [{ port: 1 }] }] }], true],
    ['only what goes out is told', [{ policyTypes: ['Egress'] }], false],
    ['other pods', [{ podSelector: { matchLabels: { app: 'web' } }, ingress: [] }], false],
    ['two that add up', [{ ingress: [] }, { ingress: [{}] }], false],
  ];
  for (const [what, specs, blocked] of CASES)
    it(`${what}: ${blocked ? 'the API server is kept out' : 'the way is free'}`, () =>
      assert.equal(isBlocked(...specs), blocked));
});
