import { describe } from 'node:test';
import {
  clientPair,
  dayAfter,
  gateAuthority,
  ISSUED,
  otherAuthority,
  servedChain,
  servingPair,
} from '#test/gate-certificates.ts';
import { imagePolicyReports, staticReports } from '#test/node-findings.ts';
import { AUTHORITY, extension, LEAF, makeOdd } from '#test/odd-certificates.ts';

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

/** Certificates that begin now, not on the first day of the others. */
const odd = await makeOdd({ name: 'odd', extensions: AUTHORITY });
const oddClient = await makeOdd({ name: 'kube-apiserver', issuer: odd, extensions: LEAF });
const forServers = await makeOdd({
  name: 'kube-apiserver',
  issuer: odd,
  extensions: [...LEAF, extension.extended('serverAuth'), extension.loopback()],
});
const noAuthority = await makeOdd({ name: 'no-ca', extensions: [extension.constraints(false)] });
const stranger = await otherAuthority.issueClient({
  commonName: 'kube-apiserver',
  notBefore: ISSUED,
  days: 90,
  key: clientPair.key,
});

describe('X01 the use of the pair that the API server shows to the gate', () => {
  const today = { now: () => new Date(), fetchChain: async () => servedChain };
  const ENDED = ['CERTIFICATE_EXPIRED'] as const;
  imagePolicyReports(
    [...ENDED, 'CLIENT_CERTIFICATE_UNSUITABLE'],
    'a certificate for servers, as kubeadm makes it',
    {
      files: { [CERTIFICATE]: forServers.certificate, [KEY]: forServers.key },
      question: { ...today, offerPair: async () => false },
    },
  );
  imagePolicyReports([...ENDED], 'a certificate for servers at a gate that asks for none', {
    files: { [CERTIFICATE]: forServers.certificate, [KEY]: forServers.key },
    question: { ...today, offerPair: async () => true },
  });
  imagePolicyReports(['CLIENT_CERTIFICATE_REFUSED'], 'a certificate of a CA that --client-ca does not hold', {
    files: { [CERTIFICATE]: stranger.certificate },
    question: { offerPair: async () => false },
  });
  imagePolicyReports(['CLIENT_CERTIFICATE_REFUSED'], 'a gate that closes the connection', {
    question: { offerPair: async () => false },
  });
  imagePolicyReports([], 'a gate to which the pair cannot be shown', {
    question: { offerPair: () => Promise.reject(new Error('no answer')) },
  });
  imagePolicyReports([...ENDED, 'CLIENT_CA_UNUSABLE'], 'a CA of clients that may sign none', {
    files: {
      'pki/client-ca.crt': noAuthority.certificate,
      [CERTIFICATE]: oddClient.certificate,
      [KEY]: oddClient.key,
    },
    question: today,
  });
  imagePolicyReports([...ENDED], 'a CA of clients that is not the CA of the gate', {
    files: {
      'pki/client-ca.crt': odd.certificate,
      [CERTIFICATE]: oddClient.certificate,
      [KEY]: oddClient.key,
    },
    question: { ...today, offerPair: () => Promise.reject(new Error('no answer')) },
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
