import { describe } from 'node:test';
import { clientPair, gateAuthority, renewedPair } from '#test/gate-certificates.ts';
import { imagePolicyReports } from '#test/node-findings.ts';
import { GATE_UNIT } from '../../control-plane/gate-command.ts';
import { renderGateUnit } from '../../control-plane/gate-unit.ts';

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

describe('XH5 the Node of the gate', () => {
  const unit = renderGateUnit({
    program: '/usr/local/bin/kube-image-bouncer',
    folder: '/etc/kubernetes/kube-image-bouncer',
    address: '127.0.0.1',
    port: 8443,
    healthPort: 8081,
    clientAuthority: 'authority',
  });
  imagePolicyReports([], 'the unit of bootstrap', { files: { [GATE_UNIT]: unit } });
  imagePolicyReports(['GATE_THREAD_FORBIDDEN'], 'a unit without --allow-worker', {
    files: { [GATE_UNIT]: unit.replace('--allow-worker', '') },
  });
  imagePolicyReports(['GATE_THREAD_FORBIDDEN'], 'a unit that names --allow-worker in a comment only', {
    files: { [GATE_UNIT]: unit.replace('--allow-worker', '').replace('[Unit]', '# --allow-worker\n[Unit]') },
  });
  imagePolicyReports([], 'a unit without the permission model', {
    files: { [GATE_UNIT]: unit.replace('--permission', '').replace('--allow-worker', '') },
  });
  imagePolicyReports(['GATE_THREAD_FORBIDDEN'], 'a static pod with its own flags', {
    files: { '/etc/kubernetes/manifests/kube-image-bouncer.yaml': 'command: [node, --permission, main.js]' },
    material: { besides: [] },
  });
  imagePolicyReports([], 'a unit of this machine beside copies of files of another one', {
    files: { [GATE_UNIT]: unit.replace('--allow-worker', '') },
    question: { isOnNode: false },
  });
});
