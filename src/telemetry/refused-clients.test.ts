import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { type ClientRefusal, refusedClients } from './refused-clients.ts';

const apiServer: ClientRefusal = {
  reason: 'use',
  problem: 'its extended key usage is serverAuth, without clientAuth',
  openssl: 'INVALID_PURPOSE',
  address: '192.0.2.10',
  subject: 'CN=kube-apiserver',
  issuer: 'CN=kubernetes',
};
const scanner: ClientRefusal = { reason: 'missing', problem: 'none', openssl: 'X', address: undefined };

it('X01 a refused client is logged at once, and then each reason at most once in ten seconds, with a count', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const lines: object[] = [];
    const reasons: string[] = [];
    const refuse = refusedClients(
      {
        write: (level, message, fields) => {
          assert.deepEqual([level, message], ['warn', 'client certificate refused']);
          lines.push(fields ?? {});
        },
      },
      { countRefusedClient: (reason) => reasons.push(reason) },
    );
    for (let count = 0; count < 50; count += 1) refuse(scanner);
    refuse(apiServer);
    assert.deepEqual(lines, [
      { code: 'CLIENT_CERTIFICATE_REFUSED', ...scanner, clients: 1 },
      { code: 'CLIENT_CERTIFICATE_REFUSED', ...apiServer, clients: 1 },
    ]);
    refuse({ ...apiServer, subject: 'CN=\u001b[31m' });
    mock.timers.tick(10_000);
    assert.deepEqual(lines.slice(2), [
      { code: 'CLIENT_CERTIFICATE_REFUSED', ...scanner, clients: 49 },
      { code: 'CLIENT_CERTIFICATE_REFUSED', ...apiServer, subject: 'CN=\\u001b[31m', clients: 1 },
    ]);
    mock.timers.tick(30_000);
    refuse(apiServer);
    assert.equal(lines.length, 5);
    assert.equal(reasons.length, 53);
  } finally {
    mock.timers.reset();
  }
});
