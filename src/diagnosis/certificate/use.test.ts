import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AUTHORITY, extension, LEAF, makeOdd, type OddCertificate } from '#test/odd-certificates.ts';
import { parseCertificate } from '../../certificate/inspect.ts';
import type { Finding } from '../finding.ts';
import {
  examineAuthorityUse,
  examineClientAuthority,
  examineClientUse,
  examineServingUse,
  type ShownTo,
} from './use.ts';

const { constraints, extended, loopback } = extension;
const good = await makeOdd({ name: 'good', extensions: AUTHORITY });
const no = await makeOdd({ name: 'no-ca', extensions: [constraints(false)] });
const client = await makeOdd({ name: 'kube-apiserver', issuer: good, extensions: LEAF });

function parsed({ certificate }: OddCertificate) {
  return parseCertificate(certificate);
}

function codesOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ code }) => code);
}

describe('X01 doctor examines the use of', () => {
  it('a serving certificate: its extended key usage, and not its names', async () => {
    const forClients = await makeOdd({ name: 'gate', extensions: [extended('clientAuth'), loopback()] });
    assert.deepEqual(codesOf(examineServingUse(parsed(forClients), 'gate')), ['CERTIFICATE_UNSUITABLE']);
    assert.deepEqual(examineServingUse(parsed(client), 'gate'), []);
  });

  it('a CA that signed the gate and may not, and no other CA of the bundle', async () => {
    const leaf = await makeOdd({ name: 'gate', issuer: no, extensions: [loopback()] });
    const found = examineAuthorityUse([parsed(leaf)], [parsed(no), parsed(good)], 'kubeconfig');
    assert.deepEqual(codesOf(found), ['CA_UNSUITABLE']);
    assert.match(found[0]?.what ?? '', /^CN=no-ca signed the gate, but its basic constraints are CA:FALSE/);
    assert.deepEqual(
      examineAuthorityUse([parsed(no)], [parsed(no)], 'x'),
      [],
      'a leaf that is trusted itself',
    );
  });

  it('a client certificate, unless the gate accepted it', async () => {
    const forServers = await makeOdd({ name: 'a', issuer: good, extensions: [extended('serverAuth')] });
    const codesFor = (leaf: OddCertificate, shownTo: Partial<ShownTo>): readonly string[] =>
      codesOf(examineClientUse(parsed(leaf), 'x', { answer: undefined, authority: undefined, ...shownTo }));
    const answered = (isAccepted: boolean) => ({ answer: { address: 'https://a', isAccepted } });
    const held = (authority: OddCertificate) => ({
      authority: { place: 'ca.crt', text: authority.certificate },
    });
    assert.deepEqual(codesFor(forServers, {}), ['CLIENT_CERTIFICATE_UNSUITABLE']);
    assert.deepEqual(codesFor(forServers, answered(false)), ['CLIENT_CERTIFICATE_UNSUITABLE']);
    assert.deepEqual(codesFor(forServers, answered(true)), []);
    assert.deepEqual(codesFor(client, {}), []);
    assert.deepEqual(codesFor(client, answered(false)), ['CLIENT_CERTIFICATE_REFUSED']);
    assert.deepEqual(codesFor(client, held(good)), []);
    const other = await makeOdd({ name: 'other', extensions: AUTHORITY });
    assert.deepEqual(codesFor(client, held(other)), ['CLIENT_CERTIFICATE_REFUSED']);
    assert.deepEqual(codesFor(client, held(no)), [], 'the CA has a finding of its own');
  });

  it('a CA of clients: one that may sign none, or that has ended', async () => {
    const ended = await makeOdd({ name: 'ended', extensions: AUTHORITY, endsInDays: -1 });
    const codesFor = (text: string): readonly string[] =>
      codesOf(examineClientAuthority({ place: 'ca.crt', text }, new Date()));
    assert.deepEqual(codesFor(good.certificate + no.certificate), []);
    assert.deepEqual(codesFor(no.certificate), ['CLIENT_CA_UNUSABLE']);
    assert.deepEqual(codesFor(ended.certificate), ['CLIENT_CA_UNUSABLE']);
    assert.deepEqual(codesFor('x'), []);
  });
});
