import { describe } from 'node:test';
import { clusterReports } from '#test/cluster-findings.ts';
import { parsePolicy } from '../../policy-source/load.ts';

const crioNodes = ['node-1 (cri-o://1.34.0)', 'node-2 (cri-o://1.34.0)'];

const policyWith = (parts: string): ReturnType<typeof parsePolicy> =>
  parsePolicy(
    `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: p}
spec: {unmatchedImages: Allow, ${parts}}
`,
    'p.yaml',
  );

const ALLOWED = 'rules: [{name: hub, allowedImages: {images: ["docker.io/library/*"]}}]';
const open = await policyWith(ALLOWED);
const refuse = await policyWith(`shortNames: Refuse, ${ALLOWED}`);
const full = await policyWith('rules: [{name: full, requireFullyQualified: {}}]');
const partly = await policyWith('rules: [{name: full, match: {namespaces: [a]}, requireFullyQualified: {}}]');

describe('X17 nodes with CRI-O, which takes an image without a registry from a registry of its own choice', () => {
  clusterReports(['SHORT_NAMES_OPEN'], 'a policy that admits such images', {
    crioNodes,
    policy: { meant: undefined, held: { policy: open } },
  });
  clusterReports(['SHORT_NAMES_OPEN'], 'a policy that refuses them in one namespace', {
    crioNodes,
    policy: { meant: undefined, held: { policy: partly } },
  });
  clusterReports(['SHORT_NAMES_OPEN'], 'the policy of a gate beside the API server', {
    crioNodes,
    policy: { meant: undefined, held: { policy: refuse } },
    nodePolicy: open,
  });
  clusterReports([], 'shortNames: Refuse', {
    crioNodes,
    policy: { meant: undefined, held: { policy: refuse } },
  });
  clusterReports([], 'requireFullyQualified', {
    crioNodes,
    policy: { meant: undefined, held: { policy: full } },
  });
  clusterReports([], 'no such node', { policy: { meant: undefined, held: { policy: open } } });
});
