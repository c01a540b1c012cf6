import { describe } from 'node:test';
import { clientPair, gateAuthority, renewedPair } from '#test/gate-certificates.ts';
import { imagePolicyReports } from '#test/node-findings.ts';

describe('the files of the gate on a node', () => {
  imagePolicyReports(['SERVING_PAIR_UNUSABLE'], 'a serving key of another certificate', {
    files: { 'pki/tls.key': gateAuthority.key },
  });
  imagePolicyReports(['SERVING_PAIR_UNUSABLE'], 'a serving certificate without its key', {
    files: { 'pki/tls.key': undefined },
  });
  imagePolicyReports(['CERTIFICATE_STALE'], 'a gate that serves another certificate than that of its files', {
    files: { 'pki/tls.crt': renewedPair.certificate, 'pki/tls.key': renewedPair.key },
  });
  imagePolicyReports(['CERTIFICATE_STALE', 'CERTIFICATE_UNSUITABLE'], 'X01 a client pair in its files', {
    files: { 'pki/tls.crt': clientPair.certificate, 'pki/tls.key': clientPair.key },
  });
  imagePolicyReports([], 'a gate on another machine', {
    files: { 'pki/tls.crt': undefined, 'pki/tls.key': undefined },
  });
  for (const mode of [0o640, 0o604])
    imagePolicyReports(['KEY_READABLE'], `a private key with mode 0${mode.toString(8)}`, {
      material: { keys: [{ path: '/etc/kubernetes/kube-image-bouncer/pki/tls.key', mode }] },
    });
  imagePolicyReports([], 'a private key with mode 0400', {
    material: { keys: [{ path: '/etc/kubernetes/kube-image-bouncer/pki/tls.key', mode: 0o400 }] },
  });
});

describe('the static pod of the gate', () => {
  const besides = ['kube-apiserver.yaml', 'kube-image-bouncer.yaml'];
  imagePolicyReports([], 'a pod with its files', { material: { besides } });
  imagePolicyReports(['LEFTOVER_FILES'], 'a pod without its certificates', {
    material: { besides, inFolder: ['backup'] },
  });
});
