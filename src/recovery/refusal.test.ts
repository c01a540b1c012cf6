import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSameRefusal, parseRefusal } from './refusal.ts';

const webhook = 'images.kube-image-bouncer.io';

/** What kube-apiserver 1.24.17 and 1.37.1 say, and what is meant by it. */
const SENTENCES: Readonly<Record<string, string>> = {
  [`Internal error occurred: failed calling webhook "${webhook}": failed to call webhook: Post "https://127.0.0.1:1/validate?timeout=5s": dial tcp 127.0.0.1:1: connect: connection refused`]:
    'webhook silent',
  [`Internal error occurred: failed calling webhook "${webhook}": failed to call webhook: Post "https://a.b.svc:443/validate?timeout=5s": no endpoints available for service "a"`]:
    'webhook silent',
  [`Internal error occurred: failed calling webhook "${webhook}": failed to call webhook: Post "https://127.0.0.1:1/": x509: certificate has expired or is not yet valid`]:
    'webhook silent',
  [`admission webhook "${webhook}" denied the request: Images using latest tag are not allowed`]:
    'webhook refusing',
  [`admission webhook "${webhook}" denied the request without explanation`]: 'webhook refusing',
  [`admission webhook "${webhook}" does not support dry run`]: 'webhook refusing',
  'pods "p" is forbidden: image policy webhook backend denied one or more images: no':
    'image-policy refusing',
  'pods "p" is forbidden: one or more images rejected by webhook backend': 'image-policy refusing',
  'pods "p" is forbidden: Post "https://127.0.0.1:1323/image_policy?timeout=30s": dial tcp 127.0.0.1:1323: connect: connection refused':
    'image-policy silent',
  'pods "p" is forbidden: the server is currently unable to handle the request': 'image-policy silent',
  'pods "p" is forbidden: an error on the server ("unknown") has prevented the request from succeeding':
    'image-policy silent',
  'pods "p" is forbidden: exceeded quota: q, requested: cpu=1m, used: cpu=1, limited: cpu=1': 'other',
  'pods "p" is forbidden: violates PodSecurity "restricted:latest": privileged': 'other',
  'pods "p" is forbidden: error looking up service account default/default: serviceaccount "default" not found':
    'other',
  "pods \"p\" is forbidden: ValidatingAdmissionPolicy 'x' with binding 'y' denied request: no": 'other',
};

describe('a refusal', () => {
  for (const [message, expected] of Object.entries(SENTENCES)) {
    it(`is of ${expected}: ${message.slice(0, 110)}`, () => {
      const refusal = parseRefusal(message);
      assert.equal(refusal.by === 'other' ? 'other' : `${refusal.by} ${refusal.gate}`, expected);
      assert.equal(refusal.message, message);
      if (refusal.by === 'webhook') assert.equal(refusal.webhook, webhook);
    });
  }

  it('is of the webhook that the API server names, whatever that one repeats', () => {
    const said = parseRefusal(
      `admission webhook "a.b.c" denied the request: failed calling webhook "${webhook}"`,
    );
    assert.deepEqual(said.by === 'webhook' && [said.webhook, said.gate], ['a.b.c', 'refusing']);
    const failed = parseRefusal(
      `failed calling webhook "${webhook}": admission webhook "a.b.c" denied the request`,
    );
    assert.deepEqual(failed.by === 'webhook' && [failed.webhook, failed.gate], [webhook, 'silent']);
  });

  it('is the same as another when nothing but the words differ', () => {
    const silent = (name: string): string => `failed calling webhook "${name}": timeout`;
    const same = (one: string, other: string): boolean =>
      isSameRefusal(parseRefusal(one), parseRefusal(other));
    assert.ok(same(silent('a.b.c'), `${silent('a.b.c')} again`));
    assert.ok(!same(silent('a.b.c'), silent('a.b.d')));
    assert.ok(!same(silent('a.b.c'), 'admission webhook "a.b.c" denied the request: no'));
    assert.ok(!same(silent('a.b.c'), 'exceeded quota'));
  });
});
