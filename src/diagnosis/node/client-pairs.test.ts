import { describe } from 'node:test';
import {
  clientPair,
  dayAfter,
  gateAuthority,
  ISSUED,
  servedChain,
  servingPair,
} from '#test/gate-certificates.ts';
import { imagePolicyReports, staticReports } from '#test/node-findings.ts';

const CERTIFICATE = 'pki/apiserver-client.crt';
const KEY = 'pki/apiserver-client.key';

/** A client certificate for the same key and another time. */
const issue = async (days: number): Promise<string> =>
  (
    await gateAuthority.issueClient({
      commonName: 'kube-apiserver',
      notBefore: new Date(ISSUED.getTime() - 40 * 86_400_000),
      days,
      key: clientPair.key,
    })
  ).certificate;

const [ended, ending] = [await issue(40), await issue(45)];

describe('the pair that the API server shows to the gate', () => {
  imagePolicyReports(['CLIENT_PAIR_UNUSABLE'], 'a key of another certificate', {
    files: { [KEY]: servingPair.key },
  });
  imagePolicyReports(['CLIENT_PAIR_UNUSABLE'], 'a certificate without its key', {
    files: { [KEY]: undefined },
  });
  imagePolicyReports(['CLIENT_PAIR_UNUSABLE'], 'a key without its certificate', {
    files: { [CERTIFICATE]: undefined },
  });
  imagePolicyReports(['CLIENT_CERTIFICATE_EXPIRED'], 'a certificate that has ended', {
    files: { [CERTIFICATE]: ended },
  });
  imagePolicyReports(['CLIENT_CERTIFICATE_EXPIRING'], 'a certificate in the last third of its life', {
    files: { [CERTIFICATE]: ending },
  });
  imagePolicyReports([], 'no pair', {
    files: {
      'kubeconfig.yaml': (text) => text.replaceAll(/^ *client-(certificate|key): .*\n/gm, ''),
    },
  });
});

describe('the kubeconfig by which the API server identifies itself to webhooks', () => {
  const ADMISSION = 'admission-configuration.yaml';
  staticReports([], 'no kubeconfig', {
    files: { [ADMISSION]: (text) => text.replace(/^ *kubeConfigFile: .*\n/m, '') },
  });
  staticReports(['GATE_KUBECONFIG_MISSING'], 'a kubeconfig that does not exist', {
    files: { 'webhook-kubeconfig.yaml': undefined },
  });
  staticReports(['GATE_KUBECONFIG_UNREADABLE'], 'a kubeconfig that is no YAML', {
    files: { 'webhook-kubeconfig.yaml': 'users: [' },
  });
  staticReports(['GATE_KUBECONFIG_RELATIVE'], 'a relative path', {
    files: {
      [ADMISSION]: (text) => text.replace(/kubeConfigFile: .*/, 'kubeConfigFile: webhook-kubeconfig.yaml'),
    },
  });
  staticReports(['CLIENT_PAIR_UNUSABLE'], 'a certificate that does not exist', {
    files: { [CERTIFICATE]: undefined },
  });
  staticReports(
    ['CLIENT_CERTIFICATE_EXPIRED', 'CERTIFICATE_EXPIRED'],
    'the day on which all certificates have ended',
    {
      question: { now: () => dayAfter(91), fetchChain: async () => servedChain },
    },
  );
});
