import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { KeyPair } from '../../src/certificate/authority.ts';
import type { FindingCode } from '../../src/diagnosis/finding.ts';
import { referenceOf } from '../../src/kubernetes/object.ts';
import { oldestKubernetes } from '../control-plane/binaries.ts';
import {
  CONFIGURATION,
  eachWebhook,
  openDoctorCluster,
  whileChanged,
  type DoctorAnswer,
} from './support/doctor-cluster.ts';
import { GATE_FAULTS, WEBHOOK_FAULTS } from './support/doctor-faults.ts';
import { untilFound } from './support/doctor-verdict.ts';
import { scenario, shared } from './support/scenario.ts';

const GOOD = '--good-image=nginx:1.17.1';
const DAY_MS = 86_400_000;

/** The faults that are tested with an old API server: one of each kind. */
const TRIED = new Set([
  'no webhook configuration',
  'failurePolicy Ignore at stage deny',
  'no rule for Deployments',
  'no rule for ephemeral containers',
  'an opt-in selector, and namespaces without its label',
  'a port that the Service does not have',
  'no CA',
  'a policy that cannot be loaded',
]);

describe(`doctor, on ${oldestKubernetes}`, () => {
  const cluster = shared(async () => {
    const opened = await openDoctorCluster(oldestKubernetes);
    await opened.wire();
    return opened;
  });
  const found = (codes: readonly FindingCode[]): Promise<DoctorAnswer> =>
    untilFound(codes, () => cluster().doctor([GOOD]));

  scenario('a healthy cluster has nothing above a note', async () => {
    const { code, proofs } = await found([]);
    assert.equal(code, 0);
    assert.equal(proofs.length, 4);
  });

  for (const { title, object, change, codes } of [...WEBHOOK_FAULTS, ...GATE_FAULTS]) {
    if (!TRIED.has(title)) continue;
    scenario(`finds ${title}, as with new API servers`, () =>
      whileChanged(cluster().client, object, change, () => found(codes)),
    );
  }

  /** Wires a second gate by its address while `body` runs. */
  const atAddress = async (pair: KeyPair, body: (url: string) => Promise<void>): Promise<void> => {
    await using gate = await cluster().serveAlso(pair);
    const wired = eachWebhook((webhook) => ({
      ...webhook,
      clientConfig: {
        url: `${gate.url}${webhook['name'] === 'images.kube-image-bouncer.io' ? '/validate' : '/validate/warn'}`,
        caBundle: Buffer.from(cluster().authority.certificate).toString('base64'),
      },
    }));
    await whileChanged(cluster().client, CONFIGURATION, wired, () => body(gate.url));
  };

  scenario('reports no problem for a healthy gate that is called by its address', async () => {
    await atAddress(await cluster().issue(), async (url) => {
      const { proofs } = await found([]);
      assert.match(
        proofs.at(-1) ?? '',
        new RegExp(`^${RegExp.escape(url)} serves a certificate that is valid until `),
      );
    });
  });

  scenario(
    'reports nothing about a namespace without a gate if the gate is called by its address',
    async () => {
      const binding = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'everything' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'visitor' }],
      };
      await cluster().client.create(binding);
      await atAddress(await cluster().issue(), async () => {
        const codes = new Set((await found([])).findings.map(({ code }) => code));
        assert.ok(codes.has('WIRING_EDITORS'));
        assert.ok(!codes.has('GATE_NAMESPACE_OPEN'));
      });
      await cluster().client.delete(referenceOf(binding));
    },
  );

  const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY_MS);
  const CERTIFICATES: readonly {
    readonly title: string;
    readonly request: Parameters<ReturnType<typeof cluster>['issue']>[0];
    readonly codes: readonly FindingCode[];
  }[] = [
    {
      title: 'a serving certificate that has ended',
      request: { notBefore: daysAgo(10), days: 9 },
      codes: ['GATE_UNREACHABLE', 'CERTIFICATE_EXPIRED'],
    },
    {
      title: 'a serving certificate that will end soon',
      request: { notBefore: daysAgo(70), days: 90 },
      codes: ['CERTIFICATE_EXPIRING'],
    },
    {
      title: 'a serving certificate that is not valid yet',
      request: { notBefore: daysAgo(-2), days: 9 },
      codes: ['GATE_UNREACHABLE', 'CERTIFICATE_NOT_YET_VALID'],
    },
    {
      title: 'a serving certificate of another name',
      request: { ipAddresses: [], dnsNames: ['gate.example'] },
      codes: ['GATE_UNREACHABLE', 'CERTIFICATE_NAME_MISSING'],
    },
  ];
  for (const { title, request, codes } of CERTIFICATES) {
    scenario(`finds ${title}`, async () => {
      await atAddress(await cluster().issue(request), async (url) => {
        const { findings } = await found(codes);
        const about = findings.find(({ code }) => code.startsWith('CERTIFICATE_'));
        assert.equal(about?.subject, url);
        assert.ok(
          findings.every(({ remedy }) => !remedy.includes('…')),
          'every command is complete',
        );
      });
    });
  }
});
