import { describe } from 'node:test';
import { otherAuthority } from '#test/gate-certificates.ts';
import { staticReports, type NodeChange } from '#test/node-findings.ts';

const FILE = 'static-webhooks/kube-image-bouncer.yaml';

function edit(from: string | RegExp, to: string): NodeChange {
  return { files: { [FILE]: (text) => text.replaceAll(from, () => to) } };
}

const dead: NodeChange['question'] = {
  fetchChain: async () => {
    throw new Error('connection refused');
  },
};

describe('webhooks that the API server loads from files', () => {
  staticReports(['STATIC_FOLDER_MISSING'], 'a folder that does not exist', { files: { [FILE]: undefined } });
  staticReports(['STATIC_FOLDER_EMPTY'], 'a folder without a webhook of the gate', {
    files: { [FILE]: 'kind: List\nitems: []\n' },
  });
  staticReports(['STATIC_OBJECT_UNREADABLE'], 'a file that is no YAML', { files: { [FILE]: 'webhooks: [' } });
  staticReports(['STATIC_NAME'], 'a name that the API server does not load from a file', {
    ...edit('kube-image-bouncer.static.k8s.io', 'kube-image-bouncer'),
  });
  staticReports(['STATIC_SERVICE'], 'a Service in place of a URL', {
    ...edit(/url: .*/g, 'service: {namespace: gate, name: gate, path: /validate}'),
  });
  staticReports(['STATIC_TOO_OLD'], 'an API server that loads no webhook from files', {
    question: { version: { major: 1, minor: 35, text: 'v1.35.0' } },
  });
  staticReports(
    ['FAILURE_POLICY_IGNORE'],
    'failurePolicy Ignore',
    edit('failurePolicy: Fail', 'failurePolicy: Ignore'),
  );
  staticReports(['KIND_NOT_COVERED'], 'no rule for Deployments', edit(/^ *- deployments\n/gm, ''));
  staticReports(['SELECTOR_SETTABLE'], 'a selector by a label that users can set', {
    files: {
      [FILE]: (text) => text.replace(/namespaceSelector: .*/, 'namespaceSelector: {matchLabels: {team: a}}'),
    },
  });
});

describe('the gate behind a static webhook', () => {
  staticReports(['CA_MISMATCH'], 'the CA of another gate', {
    files: {
      [FILE]: (text) =>
        text.replaceAll(
          /caBundle: .*/g,
          `caBundle: ${Buffer.from(otherAuthority.certificate).toString('base64')}`,
        ),
    },
  });
  staticReports(['GATE_UNREACHABLE'], 'a gate of this node that does not answer', { question: dead });
  staticReports(['CERTIFICATE_UNSEEN'], 'a gate of another machine that does not answer', {
    question: { ...dead, isOnNode: false },
  });
});
