import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { createAuthority } from '../../src/certificate/authority.ts';
import { fetchChain } from '../../src/certificate/live.ts';
import { examineCluster } from '../../src/diagnosis/cluster/examine.ts';
import { gatherCluster } from '../../src/diagnosis/cluster/gather.ts';
import { parseDocuments } from '../../src/document/yaml.ts';
import type { FindingCode } from '../../src/diagnosis/finding.ts';
import { type KubernetesObject, referenceOf } from '../../src/kubernetes/object.ts';
import { GATE_NAME, TLS_SECRET } from '../../src/wiring/names.ts';
import {
  asUser,
  CONFIGURATION,
  eachWebhook,
  markReady,
  openDoctorCluster,
  runDoctor,
  whileChanged,
  withObject,
  type DoctorAnswer,
} from './support/doctor-cluster.ts';
import { aboveNotes, untilFound } from './support/doctor-verdict.ts';
import { GATE_FAULTS, WEBHOOK_FAULTS } from './support/doctor-faults.ts';
import { lenientPolicy } from './support/objects.ts';
import { eventually } from './support/eventually.ts';
import { scenario, shared } from './support/scenario.ts';

const GOOD = '--good-image=nginx:1.17.1';

describe('doctor, on a cluster whose gate is reached by its Service', () => {
  const cluster = shared(async () => {
    const opened = await openDoctorCluster('v1.37');
    await opened.wire();
    return opened;
  });

  const found = (codes: readonly FindingCode[], args: readonly string[] = []): Promise<DoctorAnswer> =>
    untilFound(codes, () => cluster().doctor([GOOD, ...args]));

  scenario('a healthy cluster has nothing above a note', async () => {
    const { code, healthy, proofs } = await found([]);
    assert.equal(code, 0);
    assert.equal(healthy, true);
    assert.equal(proofs.length, 4);
  });

  for (const { title, object, change, codes, args } of [...WEBHOOK_FAULTS, ...GATE_FAULTS]) {
    scenario(`finds ${title}`, () =>
      whileChanged(cluster().client, object, change, async () => {
        const { code } = await found(codes, args);
        assert.equal(code, 1);
      }),
    );
  }

  scenario('finds another policy than the intended one', async () => {
    const file = join(cluster().controlPlane.folder, 'lenient.yaml');
    await writeFile(file, lenientPolicy);
    await found(['POLICY_DIFFERS'], [`--policy=${file}`]);
  });

  scenario('finds gates that are not ready', async () => {
    await markReady(cluster().client, 1);
    const { findings } = await found(['DEPLOYMENT_NOT_READY']);
    assert.match(findings[0]?.what ?? '', /^1 of 3 /);
    await markReady(cluster().client, 3);
  });

  scenario('finds a second configuration for the same gate', () =>
    withObject(
      cluster().client,
      async (healthy) => ({ ...healthy, metadata: { name: 'kube-image-bouncer-old' } }),
      () => found(['WEBHOOK_DUPLICATE']),
    ),
  );

  scenario('finds objects that remain after an uninstall', () =>
    withObject(
      cluster().client,
      async (healthy) => {
        const text = JSON.stringify({ ...healthy, metadata: { name: 'kube-image-bouncer-old' } });
        return JSON.parse(
          text
            .replaceAll(`"namespace":"${GATE_NAME}"`, '"namespace":"uninstalled"')
            .replaceAll('"failurePolicy":"Fail"', '"failurePolicy":"Ignore"'),
        ) as KubernetesObject;
      },
      async () => {
        const { findings } = await found(['WEBHOOK_LEFTOVER', 'WEBHOOK_DUPLICATE', 'FAILURE_POLICY_IGNORE']);
        const leftover = findings.find(({ code }) => code === 'WEBHOOK_LEFTOVER');
        assert.match(leftover?.subject ?? '', /kube-image-bouncer-old$/);
      },
    ),
  );

  scenario('finds a CA that did not sign the serving certificate', async () => {
    const unknownAuthority = await createAuthority({
      commonName: 'stranger',
      notBefore: new Date(),
      days: 30,
    });
    const caBundle = Buffer.from(unknownAuthority.certificate).toString('base64');
    await whileChanged(
      cluster().client,
      CONFIGURATION,
      eachWebhook((webhook) => ({
        ...webhook,
        clientConfig: { ...(webhook['clientConfig'] as object), caBundle },
      })),
      () => found(['GATE_UNREACHABLE', 'CA_MISMATCH']),
    );
  });

  scenario('finds a gate that did not load its new certificate', async () => {
    const { certificate, key } = await cluster().issue();
    const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
    await whileChanged(
      cluster().client,
      { apiVersion: 'v1', kind: 'Secret', name: TLS_SECRET, namespace: GATE_NAME },
      (secret) => ({ ...secret, data }),
      () => found(['CERTIFICATE_STALE']),
    );
  });

  scenario('finds a gate that does not run, and that failurePolicy Ignore then admits bad pods', async () => {
    await cluster().stopGate();
    const { findings } = await found(['GATE_UNREACHABLE']);
    assert.match(findings[0]?.what ?? '', /connection refused/);
    assert.ok(findings.some(({ code }) => code === 'CERTIFICATE_UNSEEN'));
    await whileChanged(
      cluster().client,
      CONFIGURATION,
      eachWebhook((webhook) => ({ ...webhook, failurePolicy: 'Ignore' })),
      () => found(['NOT_ENFORCING', 'TEMPLATE_NOT_ENFORCED', 'FAILURE_POLICY_IGNORE']),
    );
    await cluster().startGate();
  });

  scenario('reports that a good pod is refused', async () => {
    const answer = await cluster().doctor(['--good-image=nginx']);
    assert.deepEqual(aboveNotes(answer), ['GOOD_POD_REFUSED']);
  });

  scenario('reports that nothing is verified in a namespace in which no pod can be created', async () => {
    await found(['CANARY_UNDECIDED'], ['--canary-namespace=nowhere']);
  });

  scenario(
    'creates its trial pods also in a namespace with the restricted Pod Security Standard',
    async () => {
      const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
      const namespace = {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'strict', labels: enforce },
      };
      await cluster().client.create(namespace);
      const { enforcing } = await found([], ['--canary-namespace=strict']);
      assert.equal(enforcing, true);
      await cluster().client.delete(referenceOf(namespace));
    },
  );

  scenario('finds one of several API servers that does not call the gate', async () => {
    const names = ['one', 'two'];
    for (const name of names) await cluster().client.create(apiServerPod(name, name === 'one'));
    const { findings } = await found(['API_SERVERS_DIFFER']);
    assert.equal(findings[0]?.subject, 'Pod kube-system/kube-apiserver-two');
    for (const name of names) await cluster().client.delete(referenceOf(apiServerPod(name, true)));
  });

  scenario('finds a clock that is an hour behind', async () => {
    const material = await gatherCluster({
      client: cluster().client,
      now: () => new Date(Date.now() + 3_600_000),
      canaryNamespace: 'default',
      goodImage: 'nginx:1.17.1',
      fetchChain: (address) => fetchChain(address, 1000),
    });
    const [first] = examineCluster(material);
    assert.equal(first?.code, 'CLOCK_DIFFERS');
    assert.match(first?.what ?? '', /^its clock is (3599|3600|3601) s behind the clock of this machine$/);
  });

  scenario('lists the users who can bypass the gate, as a note', async () => {
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'everything' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'visitor' }],
    };
    await cluster().client.create(binding);
    const { findings } = await found([]);
    await cluster().client.delete(referenceOf(binding));
    for (const code of ['WIRING_EDITORS', 'GATE_NAMESPACE_OPEN'])
      assert.match(findings.find((one) => one.code === code)?.what ?? '', /^User visitor may /);
  });

  scenario('needs only the rights that docs/doctor.md lists', async () => {
    const page = await readFile(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
    const yaml = /```yaml\n(apiVersion: rbac[^]*?)```/.exec(page)?.[1] ?? '';
    const role = parseDocuments(yaml, 'doctor.md')[0]?.value as KubernetesObject;
    const apiGroup = 'rbac.authorization.k8s.io';
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'doctor' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: role.metadata.name },
      subjects: [{ apiGroup, kind: 'User', name: 'visitor' }],
    };
    const visitor = await asUser(cluster().controlPlane, 'visitor');
    for (const object of [role, binding]) await cluster().client.create(object);
    const { findings } = await untilFound([], () => runDoctor(visitor, [GOOD]));
    for (const object of [binding, role]) await cluster().client.delete(referenceOf(object));
    assert.ok(findings.every(({ code }) => code !== 'NOT_EXAMINED'));
    await eventually('the rights are removed', async () => {
      const { code } = await runDoctor(visitor, [GOOD]);
      return code === 1 || undefined;
    });
  });

  scenario('reports the objects that it may not read, and that nothing is verified', async () => {
    const visitor = await asUser(cluster().controlPlane, 'visitor');
    const { code, findings } = await runDoctor(visitor, [GOOD]);
    assert.equal(code, 1);
    assert.deepEqual(aboveNotes({ findings }), ['CANARY_UNDECIDED']);
    const unread = findings.filter((one) => one.code === 'NOT_EXAMINED').map(({ subject }) => subject);
    assert.ok(unread.includes('every ValidatingWebhookConfiguration'), unread.join());
    assert.ok(unread.includes('every Namespace'), unread.join());
  });

  scenario('takes the namespace of the gate from --namespace', async () => {
    await found(['NAMESPACE_UNCOVERED'], ['--namespace=default']);
  });

  scenario('finds a good image in the running workloads without reading all of them', async () => {
    const { client } = cluster();
    const names = Array.from({ length: 250 }, (_, index) => `running-${index}`);
    const pods = names.map((name, index) => pod(name, index === 0 ? 'nginx:1.27.3' : `app:1.${index}`));
    for (const some of Array.from({ length: 25 }, (_, index) => pods.slice(index * 10, index * 10 + 10)))
      await Promise.all(some.map((one) => client.create(one)));
    const start = performance.now();
    const { code, proofs } = await cluster().doctor();
    const seconds = (performance.now() - start) / 1000;
    await Promise.all(pods.map((one) => client.delete(referenceOf(one))));
    assert.equal(code, 0);
    assert.match(proofs.join('\n'), /^a pod with image (nginx|app):\S+ was admitted$/m);
    assert.ok(seconds < 5, `it took ${seconds} s`);
  });

  scenario('at the stages below deny it reports that nothing is refused', async () => {
    for (const stage of ['warn', 'audit'] as const) {
      await cluster().wire(stage);
      const { findings } = await found([]);
      assert.ok(
        findings.some(({ code }) => code === 'BELOW_DENY'),
        stage,
      );
    }
    await cluster().wire();
    await found([]);
  });
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function pod(name: string, image: string): KubernetesObject {
  const metadata = { name, namespace: 'default' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'app', image }] } };
}

/** The mirror pod that a node creates for its kube-apiserver. */
function apiServerPod(name: string, isPlugin: boolean): KubernetesObject {
  const plugins = isPlugin ? 'NodeRestriction,ImagePolicyWebhook' : 'NodeRestriction';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `kube-apiserver-${name}`,
      namespace: 'kube-system',
      labels: { component: 'kube-apiserver' },
    },
    spec: {
      containers: [
        {
          name: 'kube-apiserver',
          image: 'registry.k8s.io/kube-apiserver:v1.37.1',
          command: ['kube-apiserver', `--enable-admission-plugins=${plugins}`],
        },
      ],
    },
  };
}
