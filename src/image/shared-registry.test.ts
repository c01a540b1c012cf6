import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitsEverybody, openLabelOf } from './shared-registry.ts';

describe('X10 a label that any customer of a registry can register', () => {
  for (const [registry, index] of Object.entries({
    '*.azurecr.io': 0,
    '*.azurecr.cn': 0,
    '*.azurecr.us': 0,
    '*.dkr.ecr.eu-west-1.amazonaws.com': 0,
    '*.dkr.ecr.cn-north-1.amazonaws.com.cn': 0,
    '*.dkr-ecr.eu-west-1.on.aws': 0,
    '*.jfrog.io': 0,
    '*.tencentcloudcr.com': 0,
    '*.cn-hangzhou.cr.aliyuncs.com': 0,
    '*.container-registry.ovh.net': 0,
    '*.azurecr.io:5000': 0,
    'a.b-*.azurecr.io': 1,
    'a*z.jfrog.io': 0,
    // A wildcard for the region is the region of one account.
    '1234.dkr.ecr.*.amazonaws.com': -1,
    '1234.dkr.ecr.*.amazonaws.com.cn': -1,
    '1234.dkr-ecr.*.on.aws': -1,
    'mine.*.cr.aliyuncs.com': -1,
    '*.mine.azurecr.io': -1,
    'mine.azurecr.io': -1,
    '*.example.com': -1,
    '*.azurecr.example.com': -1,
    // A domain that is for sale, and an address with a port.
    '*.com': 0,
    'example.*': 1,
  })) {
    it(`X10 ${registry}: ${index}`, () => assert.equal(openLabelOf(registry, undefined), index));
  }

  it('X10 is every label of a public suffix, and the label before it', () => {
    const readDomain = (host: string): string | null => (host === 'x.co.uk' ? 'x.co.uk' : null);
    assert.equal(openLabelOf('*.co.uk', readDomain), 0);
    assert.equal(
      openLabelOf('a.*.co.uk', (host) => (host === 'a.x.co.uk' ? 'x.co.uk' : null)),
      1,
    );
    assert.equal(
      openLabelOf('*.mine.co.uk', () => 'mine.co.uk'),
      -1,
    );
    assert.equal(
      openLabelOf('*.example.com', () => null),
      0,
      'the host is a public suffix',
    );
  });
});

describe('X10 a first path segment that any customer of a registry can register', () => {
  for (const host of [
    'docker.io',
    'index.docker.io',
    'registry-1.docker.io',
    'quay.io',
    'ghcr.io',
    'gcr.io',
    'us.gcr.io',
    'eu.gcr.io',
    'asia.gcr.io',
    'europe-west1-docker.pkg.dev',
    '*-docker.pkg.dev',
    'public.ecr.aws',
    'registry.gitlab.com',
    'registry.digitalocean.com',
    'docker.cloudsmith.io',
    'icr.io',
    'de.icr.io',
    'fra.ocir.io',
    'ams.vultrcr.com',
    'rg.fr-par.scw.cloud',
    'registry.cn-hangzhou.aliyuncs.com',
    'ghcr.io:443',
  ]) {
    it(`X10 ${host}: a wildcard admits everybody, a name does not`, () => {
      assert.equal(admitsEverybody(host, ['**']), true);
      assert.equal(admitsEverybody(host, ['*', 'app']), true);
      assert.equal(admitsEverybody(host, ['mine', '**']), false);
      assert.equal(admitsEverybody(host, []), false);
    });
  }
  for (const host of [
    'registry.example.com',
    'a.ghcr.io',
    'k8s.gcr.io',
    'mine.azurecr.io',
    'io',
    'docker.pkg.dev',
  ])
    it(`X10 ${host} has one owner`, () => assert.equal(admitsEverybody(host, ['**']), false));
});
