import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  assertSettled,
  authority,
  client,
  clusterOf,
  newAuthority,
  run,
  serving,
  start,
  type Cluster,
} from '#test/rotating-cluster.ts';
import { createAuthority } from './authority.ts';
import { commonNameOf, namesOf, parseCertificate, parseCertificates } from './inspect.ts';

describe('a rotation', () => {
  it('R11 of the authority trusts the new one first, switches the leaf, and drops the old one last', async () => {
    const cluster = clusterOf();
    const steps = await run(cluster, { authority: true });
    assert.deepEqual(steps, [
      'begin',
      'canary',
      'create-authority',
      'trust',
      'switch-leaf',
      'wait',
      'canary',
      'drop',
      'wait',
      'canary',
      'canary',
      'done',
    ]);
    assert.notEqual(
      assertSettled(cluster).fingerprint256,
      parseCertificate(authority.certificate).fingerprint256,
    );
    const leaf = parseCertificate(cluster.state().serving);
    assert.ok(leaf.checkHost('gate.example') && leaf.checkIP('10.0.0.1') && leaf.checkIP('fd00::1'));
  });

  it('of the leaf alone changes no authority', async () => {
    const cluster = clusterOf();
    assert.deepEqual(await run(cluster), ['begin', 'canary', 'switch-leaf', 'wait', 'canary', 'done']);
    assert.equal(cluster.writes(), 1);
    assert.equal(
      assertSettled(cluster).fingerprint256,
      parseCertificate(authority.certificate).fingerprint256,
    );
    assert.notEqual(cluster.state().serving, serving.certificate);
  });

  it('R11 fails calls without the delay: flip: delayMs', async () => {
    const cluster = clusterOf();
    await run(cluster, { authority: true, delayMs: 100 });
    assert.ok(cluster.failures.length > 0, 'who is further behind than the delay must be seen to fail');
  });

  it('gives an API server with a client certificate a new one before the old authority is dropped; flip: clientDelayMs', async () => {
    const cluster = clusterOf({ client });
    const steps = await run(cluster, { authority: true });
    assert.deepEqual(
      steps.filter((step) => step.startsWith('switch') || step === 'drop' || step === 'trust'),
      ['trust', 'switch-leaf', 'switch-client', 'drop'],
    );
    assertSettled(cluster);
    const pair = cluster.state().client;
    assert.equal(pair.key, client.key, 'the key stays');
    assert.equal(commonNameOf(parseCertificate(pair.certificate ?? '')), 'kube-apiserver');
    const hasty = clusterOf({ client }, { lagMs: 3000 });
    await run(hasty, { authority: true, delayMs: 4000, clientDelayMs: 1000 });
    assert.ok(hasty.failures.length > 0);
    const patient = clusterOf({ client }, { lagMs: 3000 });
    await run(patient, { authority: true, delayMs: 4000, clientDelayMs: 4000 });
    assert.deepEqual(patient.failures, []);
  });

  it('R11 that was interrupted before or after any write is finished by the next run', async () => {
    const whole = clusterOf({ client });
    await run(whole, { authority: true });
    for (let write = 1; write <= whole.writes(); write += 1) {
      for (const when of ['before', 'after'] as const) {
        const cluster = clusterOf({ client }, { crash: { write, when } });
        await assert.rejects(run(cluster, { authority: true }), /crash/);
        const steps = await run(cluster, { authority: true });
        const last = assertSettled(cluster);
        assert.notEqual(last.fingerprint256, parseCertificate(authority.certificate).fingerprint256);
        assert.equal(
          cluster.state().trust.match(/BEGIN/g)?.length,
          1,
          `${when} ${write}: ${steps.join(' ')}`,
        );
      }
    }
  });

  it('removes a trusted authority that cannot sign, and starts again', async () => {
    const lost = await createAuthority({
      commonName: 'lost',
      notBefore: new Date(start.getTime() + 3_600_000),
      days: 300,
    });
    const cluster = clusterOf();
    await cluster.writeTrust(lost.certificate + authority.certificate);
    const steps = await run(cluster, { authority: true });
    assert.deepEqual(steps.slice(0, 6), ['resume', 'forget', 'wait', 'canary', 'canary', 'begin']);
    assert.ok(!cluster.state().trust.includes(lost.certificate));
    assertSettled(cluster);
  });

  it('finishes an interrupted rotation before it rotates a leaf', async () => {
    const cluster = clusterOf({}, { crash: { write: 4, when: 'before' } });
    await assert.rejects(run(cluster, { authority: true }), /crash/);
    assert.deepEqual(await run(cluster), [
      'resume',
      'switch-leaf',
      'wait',
      'canary',
      'drop',
      'wait',
      'canary',
      'canary',
      'done',
    ]);
    assertSettled(cluster);
  });

  it('stops when the canary does not pass, and puts the leaf back; flip: canaryTimeoutMs', async () => {
    const cluster = clusterOf({}, { canary: (writes) => (writes > 3 ? 'no answer' : undefined) });
    await assert.rejects(run(cluster, { authority: true }), {
      code: 'ROTATION_STOPPED',
      message: 'the rotation stopped because the canary does not pass: no answer',
    });
    assert.equal(cluster.state().serving, serving.certificate);
    assert.equal(parseCertificates(cluster.state().trust).length, 2, 'both are still trusted');
    assert.deepEqual(cluster.failures, []);
    const dead = clusterOf({}, { canary: () => 'no answer' });
    const before = dead.now().getTime();
    await assert.rejects(run(dead, { canaryTimeoutMs: 7000 }), { code: 'ROTATION_STOPPED' });
    assert.deepEqual([dead.now().getTime() - before, dead.writes()], [7000, 0]);
  });

  it('flip: names, days and authorityDays are those of the new certificates', async () => {
    const cluster = clusterOf();
    await run(cluster, { authority: true, names: ['other.example'], days: 5, authorityDays: 50 });
    const daysOf = ({ validFromDate, validToDate }: X509Certificate) =>
      (validToDate.getTime() - validFromDate.getTime()) / 86_400_000;
    const leaf = parseCertificate(cluster.state().serving);
    assert.deepEqual(
      [namesOf(leaf).dns, daysOf(leaf), daysOf(assertSettled(cluster))],
      [['other.example'], 5, 50],
    );
  });

  it('flip: given; to an external authority stores no key of it, and removes the key of the old one', async () => {
    const given = await newAuthority('company');
    const cluster = clusterOf();
    await assert.rejects(run(cluster, { given }), { code: 'AUTHORITY_CONFLICT' });
    assert.equal(cluster.writes(), 0);
    await run(cluster, { given, authority: true });
    const last = assertSettled(cluster);
    assert.equal(String(last), String(parseCertificate(given.certificate)));
    assert.equal(cluster.state().authority, undefined);
    const before = cluster.state().serving;
    await assert.rejects(run(cluster), { code: 'AUTHORITY_INCOMPLETE' });
    assert.deepEqual(await run(cluster, { given }), [
      'begin',
      'canary',
      'switch-leaf',
      'wait',
      'canary',
      'done',
    ]);
    assert.notEqual(cluster.state().serving, before);
    assertSettled(cluster);
  });

  it('R11 to an authority that is older than the one before overlaps as any other', async () => {
    const given = await newAuthority('company', new Date(start.getTime() - 30 * 86_400_000));
    const cluster = clusterOf({ client });
    const steps = await run(cluster, { given, authority: true });
    assert.deepEqual(
      steps.filter((step) => step.startsWith('switch') || step === 'drop' || step === 'forget'),
      ['switch-leaf', 'switch-client', 'drop'],
    );
    assert.equal(String(assertSettled(cluster)), String(parseCertificate(given.certificate)));
  });

  it('R11 overlaps although the clock that made the old authority was ahead', async () => {
    const ahead = new Date(start.getTime() + 5 * 86_400_000);
    const early = await newAuthority('early', ahead);
    const leaf = await early.issueServing({
      commonName: 'gate',
      dnsNames: ['gate.example'],
      ipAddresses: [],
      notBefore: start,
      days: 30,
    });
    const cluster = clusterOf({ authority: early, serving: leaf });
    await cluster.writeTrust(early.certificate);
    await cluster.sleep(10_000);
    cluster.forgetFailures();
    await run(cluster, { authority: true });
    assertSettled(cluster);
  });

  it('trusts the old authority again when the canary does not pass without it', async () => {
    const isDropped = (): boolean => parseCertificates(cluster.state().trust).length === 1;
    const cluster: Cluster = clusterOf(
      {},
      { canary: (writes) => (writes > 4 && isDropped() ? 'no answer' : undefined) },
    );
    await assert.rejects(run(cluster, { authority: true }), { code: 'ROTATION_STOPPED' });
    assert.equal(parseCertificates(cluster.state().trust).length, 2);
    assert.deepEqual(cluster.failures, []);
  });

  it('replaces a leaf that does not match its key, and never restores such a leaf', async () => {
    const torn = { certificate: serving.certificate, key: client.key };
    const cluster = clusterOf(
      { serving: torn },
      { canary: (writes) => (writes > 0 ? 'no answer' : undefined) },
    );
    await assert.rejects(run(cluster), { code: 'ROTATION_STOPPED' });
    assert.notEqual(cluster.state().serving, serving.certificate);
  });
});
