import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRefusal } from './canary.ts';

// As kube-apiserver v1.24.17 and v1.37.1 say it.
const REFUSALS: readonly (readonly [
  words: string,
  status: number,
  outcome: string,
  by: string | undefined,
])[] = [
  [
    'admission webhook "images.kube-image-bouncer.io" denied the request: no',
    403,
    'refused',
    'images.kube-image-bouncer.io',
  ],
  ['admission webhook "hand.made" denied the request: no', 403, 'refused', 'hand.made'],
  ['admission webhook "policy.other.example" denied the request: no', 403, 'undecided', undefined],
  [
    'pods "x" is forbidden: image policy webhook backend denied one or more images: no',
    403,
    'refused',
    'ImagePolicyWebhook',
  ],
  [
    'pods "x" is forbidden: one or more images rejected by webhook backend',
    403,
    'refused',
    'ImagePolicyWebhook',
  ],
  [
    'Internal error occurred: failed calling webhook "images.kube-image-bouncer.io": failed to call webhook: Post "https://a": dial tcp: refused',
    500,
    'unreachable',
    'images.kube-image-bouncer.io',
  ],
  [
    'pods "x" is forbidden: Post "https://a/image_policy?timeout=30s": dial tcp 127.0.0.1:1: connect: connection refused',
    403,
    'unreachable',
    'ImagePolicyWebhook',
  ],
  [
    'pods "x" is forbidden: the server could not find the requested resource',
    403,
    'unreachable',
    'ImagePolicyWebhook',
  ],
  [
    'pods is forbidden: User "v" cannot create resource "pods" in API group "" in the namespace "default"',
    403,
    'forbidden',
    undefined,
  ],
  [
    'deployments.apps is forbidden: User "v" cannot create resource "deployments"',
    403,
    'forbidden',
    undefined,
  ],
  ['Unauthorized', 401, 'forbidden', undefined],
  ['pods "x" is forbidden: exceeded quota: q', 403, 'undecided', undefined],
  ['pods "x" is forbidden: violates PodSecurity "restricted:latest"', 403, 'undecided', undefined],
  ['namespaces "nowhere" not found', 404, 'undecided', undefined],
  ['', 503, 'undecided', undefined],
];

describe('what the API server says of a trial pod', () => {
  for (const [words, status, outcome, by] of REFUSALS) {
    it(`${outcome}: ${words || status}`, () => {
      const result = parseRefusal(status, words, new Set(['hand.made']));
      assert.equal(result.outcome, outcome);
      assert.equal('by' in result ? result.by.name : undefined, by);
    });
  }

  it('is passed on', () => {
    assert.deepEqual(parseRefusal(503, ''), { outcome: 'undecided', message: 'HTTP status 503' });
  });
});
