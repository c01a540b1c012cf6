import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE_FLAGS } from './gate-command.ts';
import { type GateUnitOptions, renderGateUnit } from './gate-unit.ts';

const options: GateUnitOptions = {
  program: '/usr/local/bin/kube-image-bouncer',
  folder: '/etc/kubernetes/kube-image-bouncer',
  address: '127.0.0.1',
  port: 1323,
  healthPort: 1324,
  clientAuthority: 'authority',
};

test('the unit starts before the kubelet, and systemd reads the key for it', () => {
  const unit = renderGateUnit(options);
  for (const line of [
    'Before=kubelet.service',
    'DynamicUser=yes',
    'LoadCredential=tls.key:/etc/kubernetes/kube-image-bouncer/pki/tls.key',
    'ProtectSystem=strict',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'Restart=always',
  ])
    assert.ok(unit.split('\n').includes(line), line);
  assert.match(unit, /^ExecStart=\/usr\/bin\/env \\\n {2}node \\\n/m);
  assert.match(unit, /^ {2}\/usr\/local\/bin\/kube-image-bouncer \\\n {2}serve \\\n/m);
  assert.match(unit, /--key=%d\/tls\.key \\\n/);
});

test('F05 Node is started without an inspector, `__proto__`, code from strings, child processes and files to write', () => {
  const unit = renderGateUnit(options);
  for (const flag of [...NODE_FLAGS, '--allow-fs-read=*']) assert.ok(unit.includes(`  ${flag} \\\n`), flag);
  assert.doesNotMatch(unit, /--allow-(fs-write|child|addons|wasi|inspector)/);
  assert.match(unit, /^UnsetEnvironment=NODE_OPTIONS /m);
});

test('flip: each option is in it', () => {
  const flips: readonly (readonly [Partial<GateUnitOptions>, string])[] = [
    [{ program: '/opt/gate' }, '  /opt/gate \\\n  serve '],
    [{ folder: '/srv/gate' }, '--policy=/srv/gate/policy.yaml'],
    [{ folder: '/srv/gate' }, 'LoadCredential=tls.key:/srv/gate/pki/tls.key'],
    [{ address: '10.0.0.7' }, '--bind=10.0.0.7'],
    [{ port: 8443 }, '--port=8443'],
    [{ healthPort: 8081 }, '--health-port=8081'],
    [{ clientAuthority: 'clientAuthority' }, '/pki/client-ca.crt'],
  ];
  for (const [change, text] of flips) {
    assert.ok(renderGateUnit({ ...options, ...change }).includes(text), text);
    assert.ok(!renderGateUnit(options).includes(text), text);
  }
});
