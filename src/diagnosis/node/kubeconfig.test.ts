import { describe } from 'node:test';
import { otherAuthority } from '#test/gate-certificates.ts';
import { imagePolicyReports, type NodeChange } from '#test/node-findings.ts';

const KUBECONFIG = 'kubeconfig.yaml';

function edit(from: string | RegExp, to: string): NodeChange {
  return { files: { [KUBECONFIG]: (text) => text.replace(from, to) } };
}

const dead: NodeChange['question'] = {
  fetchChain: async () => {
    throw new Error('connection refused');
  },
};

describe('the kubeconfig of ImagePolicyWebhook', () => {
  imagePolicyReports(['GATE_KUBECONFIG_MISSING'], 'a file that does not exist', {
    files: { [KUBECONFIG]: undefined },
  });
  imagePolicyReports(['GATE_KUBECONFIG_CONTEXT'], 'X02 a file without kind and without contexts', {
    files: { [KUBECONFIG]: 'server: https://localhost\n' },
  });
  for (const text of ['kind: Pod\n', 'clusters: ['])
    imagePolicyReports(['GATE_KUBECONFIG_UNREADABLE'], `a file with the text ${text.trim()}`, {
      files: { [KUBECONFIG]: text },
    });
  imagePolicyReports(
    ['GATE_KUBECONFIG_UNREADABLE'],
    'a server that is no URL',
    edit(/server: .*/, 'server: gate'),
  );
  imagePolicyReports(['GATE_KUBECONFIG_CONTEXT'], 'no current context', edit(/^current-context: .*\n/m, ''));
  imagePolicyReports(['GATE_KUBECONFIG_CONTEXT'], 'a current context that does not exist', {
    ...edit(/^current-context: .*$/m, 'current-context: other'),
  });
  imagePolicyReports(['GATE_NOT_HTTPS'], 'a server without TLS', edit('server: https:', 'server: http:'));
  imagePolicyReports(['GATE_UNVERIFIED'], 'a server that is not verified', {
    ...edit(/certificate-authority: .*/, 'insecure-skip-tls-verify: true'),
  });
  imagePolicyReports(
    ['GATE_PATH_UNKNOWN'],
    'a path that the gate does not serve',
    edit('/image_policy', '/images'),
  );
  for (const path of ['/image-policy', '/image_policy/deny', '/image-policy/deny', '/image_policy/'])
    imagePolicyReports([], `the path ${path}`, edit(/\/image_policy$/m, path));
});

describe('the CA that the kubeconfig names', () => {
  imagePolicyReports(['CA_UNREADABLE'], 'a file that does not exist', { files: { 'pki/ca.crt': undefined } });
  imagePolicyReports(['CA_UNREADABLE'], 'a file that is no certificate', { files: { 'pki/ca.crt': 'x\n' } });
  imagePolicyReports(['CA_MISMATCH'], 'the CA of another gate', {
    files: { 'pki/ca.crt': otherAuthority.certificate },
  });
  imagePolicyReports(['CA_MISSING'], 'no CA', edit(/^ *certificate-authority: .*\n/m, ''));
});

describe('a gate that does not answer', () => {
  imagePolicyReports(['GATE_NAME_IN_CLUSTER'], 'X04 a name that only the DNS of the cluster has', {
    ...edit(/server: .*/, 'server: https://gate.image-policy.svc:443/image_policy'),
    question: dead,
  });
  imagePolicyReports(['GATE_UNREACHABLE'], 'a gate of this node', { question: dead });
  imagePolicyReports(['CERTIFICATE_UNSEEN'], 'a gate of another machine', {
    question: { ...dead, isOnNode: false },
  });
});
