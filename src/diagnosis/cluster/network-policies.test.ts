import { describe } from 'node:test';
import { clusterReports, gateObject, withGate } from '#test/cluster-findings.ts';

const BLOCK = { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] };

const CASES: readonly (readonly [cause: string, specs: readonly object[], blocked: boolean])[] = [
  ['no policy', [], false],
  ['an empty list of rules', [{ ingress: [] }], true],
  ['no list of rules', [{}], true],
  ['a rule for everything', [{ ingress: [{}] }], false],
  ['the port, from any address,', [{ ingress: [{ ports: [{ port: 8443 }] }] }], false],
  ['the port by its name', [{ ingress: [{ ports: [{ port: 'https', protocol: 'TCP' }] }] }], false],
  ['another name', [{ ingress: [{ ports: [{ port: 'health' }] }] }], true],
  ['a range that includes the port', [{ ingress: [{ ports: [{ port: 8000, endPort: 9000 }] }] }], false],
  ['a range that ends before it', [{ ingress: [{ ports: [{ port: 8000, endPort: 8442 }] }] }], true],
  ['the port over UDP', [{ ingress: [{ ports: [{ port: 8443, protocol: 'UDP' }] }] }], true],
  ['a block of addresses', [{ ingress: [BLOCK] }], false],
  ['pods only', [{ ingress: [{ from: [{ podSelector: {} }] }] }], true],
  ['a block of addresses at another port', [{ ingress: [{ ...BLOCK, ports: [{ port: 1 }] }] }], true],
  ['a policy for egress only', [{ policyTypes: ['Egress'] }], false],
  ['a policy for other pods', [{ podSelector: { matchLabels: { app: 'web' } }, ingress: [] }], false],
  ['two policies of which one admits everything', [{ ingress: [] }, { ingress: [{}] }], false],
];

describe('network policies around the gate', () => {
  for (const [cause, specs, blocked] of CASES) {
    const networkPolicies = specs.map((spec, index) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: `p${index}`, namespace: 'gate' },
      spec: { podSelector: {}, ...spec },
    }));
    clusterReports(blocked ? ['NETWORK_POLICY_BLOCKS'] : [], cause, withGate({ networkPolicies }));
  }
  clusterReports(['NETWORK_POLICY_BLOCKS'], 'the policy of bootstrap with another port', {
    ...withGate({
      networkPolicies: [gateObject('NetworkPolicy', { ingress: [{ ports: [{ port: 9443 }] }] })],
    }),
  });
});
