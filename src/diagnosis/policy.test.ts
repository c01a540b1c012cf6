import { describe } from 'node:test';
import { clusterReports, heldPolicy, OUTSIDE } from '#test/cluster-findings.ts';
import { staticReports } from '#test/node-findings.ts';
import { policyOf } from '#test/policies.ts';

describe('the policy that the gate uses', () => {
  clusterReports(['POLICY_MISSING'], 'a cluster without the ConfigMap', {
    policy: { meant: undefined, held: 'none' },
  });
  clusterReports([], 'a gate outside the cluster, whose policy is in a file,', {
    ...OUTSIDE,
    policy: { meant: undefined, held: 'none' },
  });
  clusterReports(['POLICY_NOT_LOADABLE'], 'a policy that cannot be loaded', {
    policy: { meant: undefined, held: { problem: 'policy.yaml:1:1: kind is missing' } },
  });
  clusterReports([], 'a policy that doctor may not read', {
    policy: { meant: undefined, held: 'unread' },
  });
  clusterReports([], 'the policy of --policy', {
    policy: { meant: heldPolicy, held: { policy: heldPolicy } },
  });
  clusterReports(['POLICY_DIFFERS'], 'another policy than that of --policy', async () => ({
    policy: { meant: await policyOf({ requiredDigest: {} }), held: { policy: heldPolicy } },
  }));
  clusterReports(['POLICY_WARNING'], 'XH8 a policy whose exclusion is wider than it looks', async () => ({
    policy: {
      meant: undefined,
      held: {
        policy: await policyOf({
          exclude: { users: ['system:serviceaccount:kube-system:*'] },
          requiredDigest: {},
        }),
      },
    },
  }));
  staticReports(['POLICY_NOT_LOADABLE'], 'a policy file that is no policy', {
    files: { 'policy.yaml': 'kind: Nothing\n' },
  });
  staticReports([], 'a node without a policy file', { files: { 'policy.yaml': undefined } });
});
