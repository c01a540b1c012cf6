import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { createAuthority } from '../../src/certificate/authority.ts';
import { parseKubernetesVersion } from '../../src/kubernetes/version.ts';
import { parsePolicy } from '../../src/policy-source/load.ts';
import { renderWebhookConfiguration, type GateAddress } from '../../src/webhook/configuration.ts';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';
import { eventually } from './support/eventually.ts';
import { apply, podOf, recover, tryCreate, untilLocked, untilOpen } from './support/lock-outs.ts';
import { noLatestPolicy } from './support/objects.ts';
import { scenario, shared } from './support/scenario.ts';

const gate = 'kube-image-bouncer';

// The webhook configurations have failurePolicy Fail and are active, and no gate runs.
const addresses: readonly GateAddress[] = [
  { form: 'service', namespace: gate },
  { form: 'url', origin: 'https://127.0.0.1:1' },
];

/** The objects of a gate. They are created after the configuration, as in a cluster that is rebuilt. */
function gateObjects(): readonly object[] {
  const metadata = { name: gate, namespace: gate };
  const template = {
    metadata: { labels: { app: gate } },
    spec: { containers: [{ name: 'gate', image: 'registry.example.com/platform/kube-image-bouncer:1.0.0' }] },
  };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: gate } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'v1', kind: 'Secret', metadata },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata },
    { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: {} },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 443 }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata,
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'] }],
    },
    { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'by-hand' }, spec: template.spec },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 2, selector: { matchLabels: { app: gate } }, template },
    },
  ];
}

async function renderOurs(address: GateAddress, { version }: ControlPlane): Promise<object> {
  const authority = await createAuthority({ commonName: 'unknown', notBefore: new Date(), days: 1 });
  const parsed = parseKubernetesVersion(version) ?? assert.fail(version);
  return renderWebhookConfiguration({
    address,
    policy: await parsePolicy(noLatestPolicy, 'policy.yaml'),
    stage: 'deny',
    kubeSystem: 'warn',
    exemptNamespaces: address.form === 'service' ? [] : [gate],
    timeoutSeconds: 5,
    version: parsed,
    trust: authority.certificate,
  });
}

for (const version of [newestKubernetes, oldestKubernetes]) {
  for (const address of addresses) {
    describe(`no gate runs, called by ${address.form}, on ${version}`, () => {
      const controlPlane = shared(async () => {
        const started = await startControlPlane({ environment: process.env, version, controllers: true });
        await apply(started, podOf('before'));
        await apply(started, await renderOurs(address, started));
        await untilLocked(started, 'default', 'failed calling webhook "images.kube-image-bouncer.io"');
        return started;
      });

      scenario('R24 all objects of a gate can be created', async () => {
        for (const object of gateObjects()) await apply(controlPlane(), object);
      });

      scenario('R24 controllers make the pods of the gate again', async () => {
        const { kubectl } = controlPlane();
        await untilGatePods(controlPlane(), 2);
        assert.equal((await kubectl([`--namespace=${gate}`, 'delete', 'pods', '--all', '--force'])).code, 0);
        await untilGatePods(controlPlane(), 2);
      });

      scenario('R24 pods and Leases of kube-system can be created', async () => {
        assert.equal((await tryCreate(controlPlane(), 'kube-system', podOf('dns', 'dns:latest'))).code, 0);
        const lease = {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'a' },
          spec: {},
        };
        assert.equal((await tryCreate(controlPlane(), 'kube-system', lease)).code, 0);
        assert.equal((await tryCreate(controlPlane(), 'kube-node-lease', lease)).code, 0);
      });

      scenario('R24 deletions are admitted, and all other requests are still refused', async () => {
        const { code, stderr } = await controlPlane().kubectl(['delete', 'pod', 'before', '--force']);
        assert.equal(code, 0, stderr);
        assert.notEqual((await tryCreate(controlPlane(), 'default')).code, 0);
      });

      scenario('R24 recover finds nothing to do', async () => {
        const { code, stdout } = await recover(controlPlane(), '--yes');
        assert.equal(code, 1, stdout);
        assert.match(
          stdout,
          /Nothing has been changed: pods of kube-system, nodes and the gate itself can be created/,
        );
        assert.match(stdout, /default +Pod +LOCKED/);
        assert.doesNotMatch(
          stdout,
          /(kube-system|kube-image-bouncer|kube-node-lease|\(no namespace\)) +\S+ +LOCKED/,
        );
      });

      scenario('R24 the configuration can be deleted, and then everything is admitted', async () => {
        const { kubectl } = controlPlane();
        const { code, stderr } = await kubectl(['delete', 'validatingwebhookconfiguration', gate]);
        assert.equal(code, 0, stderr);
        await untilOpen(controlPlane(), 'default');
      });
    });
  }
}

async function untilGatePods({ kubectl }: ControlPlane, count: number): Promise<void> {
  await eventually(`the gate has ${count} pods`, async () => {
    const { stdout } = await kubectl([
      `--namespace=${gate}`,
      'get',
      'pods',
      `--selector=app=${gate}`,
      '--field-selector=status.phase=Pending',
      '--output=name',
    ]);
    return stdout.trim().split('\n').filter(Boolean).length === count ? true : undefined;
  });
}
