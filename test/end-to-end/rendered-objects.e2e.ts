import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { renderGatePod } from '../../src/control-plane/gate-pod.ts';
import { parseDocuments } from '../../src/document/yaml.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { openCluster } from '../../src/kubernetes/config.ts';
import { referenceOf, type KubernetesObject } from '../../src/kubernetes/object.ts';
import { pathOf } from '../../src/kubernetes/resources.ts';
import { webhookRules } from '../../src/webhook/rules.ts';
import { KNOWN_KINDS } from '../../src/workload/kinds.ts';
import { findWorkloadKind, WORKLOAD_KINDS } from '../../src/workload/kinds.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';
import { scenario, shared } from './support/scenario.ts';
import { runOurselves } from './support/wired-cluster.ts';

const image = `registry.example.com/kube-image-bouncer:0.1.0@sha256:${'0'.repeat(64)}`;

/** Arguments of `bootstrap webhook` that together render all built-in kinds that the command can create. */
const forms = [
  ['--service', `--image=${image}`],
  ['--service', `--image=${image}`, '--client-ca=CA', '--out=OUT', '--kube-system=deny', '--stage=audit'],
  ['--url=https://[::1]:1323', '--ca-cert=CA', '--kube-system=exempt', '--exempt-namespaces=a,b'],
] as const;

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`the objects that are rendered for ${version}`, () => {
    const cluster = shared(async () =>
      startControlPlane({
        environment: process.env,
        version,
        // These exist in 1.24 but are off. Later versions enable them.
        apiServer: { flags: version === 'v1.24' ? ['--feature-gates=ServerSideFieldValidation=true'] : [] },
      }),
    );

    scenario('every object passes the strict validation of the API server', async () => {
      const client = await openCluster({ kubeconfig: cluster().kubeconfig });
      const kinds = new Set<string>();
      for (const form of forms) {
        const objects = await render(cluster(), version, form);
        for (const object of objects) {
          kinds.add(object.kind);
          assert.deepEqual(await problemsOf(client, object), [], `${object.kind} of ${form.join(' ')}`);
          // The other objects need the namespace. Its Pod Security Standard must admit the pods.
          if (object.kind === 'Namespace') await client.apply(object);
        }
      }
      assert.equal(kinds.size, 9, [...kinds].join(', '));
    });

    scenario('control: an object with an unknown field is refused', async () => {
      const client = await openCluster({ kubeconfig: cluster().kubeconfig });
      const [namespace] = await render(cluster(), version, forms[0]);
      assert.ok(namespace);
      const wrong = { ...namespace, spec: { finalizers: [], sinceTomorrow: true } };
      assert.match((await problemsOf(client, wrong)).join(' '), /sinceTomorrow/);
    });

    scenario('the pods of the gate fit the restricted Pod Security Standard of their namespace', async () => {
      const client = await openCluster({ kubeconfig: cluster().kubeconfig });
      const objects = await render(cluster(), version, forms[0]);
      const deployment = objects.find(({ kind }) => kind === 'Deployment') as unknown as {
        spec: { template: { spec: { containers: [{ securityContext: object }] } } };
      };
      const podOf = (spec: object): KubernetesObject => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'gate', namespace: 'kube-image-bouncer' },
        spec,
      });
      const { spec } = deployment.spec.template;
      await client.create(podOf(spec), { dryRun: true });
      const [container] = spec.containers;
      for (const [field, value] of [
        ['allowPrivilegeEscalation', true],
        ['capabilities', {}],
        ['runAsNonRoot', false],
      ] as const) {
        const securityContext = { ...container.securityContext, [field]: value };
        await assert.rejects(
          client.create(podOf({ ...spec, containers: [{ ...container, securityContext }] }), {
            dryRun: true,
          }),
          /violates PodSecurity "restricted/,
          field,
        );
      }
    });

    scenario('the static pod of the gate is valid', async () => {
      const client = await openCluster({ kubeconfig: cluster().kubeconfig });
      const text = renderGatePod({
        image,
        folder: '/etc/kubernetes/kube-image-bouncer',
        address: '127.0.0.1',
        port: 1323,
        healthPort: 1324,
        clientAuthority: 'authority',
      });
      const pod = parseDocuments(text, 'gate pod')[0]?.value as KubernetesObject;
      assert.deepEqual(await problemsOf(client, pod), []);
    });

    scenario('every kind with a pod spec is in the table of kinds and in the rules', async () => {
      const client = await openCluster({ kubeconfig: cluster().kubeconfig });
      const { document } = await client.send({ method: 'GET', path: '/openapi/v2' });
      const holders = podHolders((document as OpenApi).definitions);
      const unknown = holders.filter(({ group, kind }) => findWorkloadKind(group, kind) === undefined);
      assert.deepEqual(unknown, []);
      // Also compares in the other direction, which shows that the search finds these kinds.
      const names = new Set(holders.map(({ kind }) => kind));
      const known = WORKLOAD_KINDS.filter(
        ({ kind }) => !['EphemeralContainers', 'ScheduledJob'].includes(kind),
      );
      assert.deepEqual(
        known.map(({ kind }) => kind).filter((kind) => !names.has(kind)),
        [],
      );
      const ruled = new Set(
        webhookRules({ rules: [], unmatchedImages: 'Deny', kinds: KNOWN_KINDS }).flatMap(
          ({ resources }) => resources,
        ),
      );
      for (const { resource } of known) assert.ok(ruled.has(resource.split('.')[0] ?? ''), resource);
    });
  });
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface OpenApi {
  readonly definitions: Readonly<Record<string, Definition>>;
}

interface Definition {
  readonly properties?: object;
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
}

/** The kinds of an OpenAPI document that contain a `PodSpec`, without lists of these kinds. */
function podHolders(definitions: OpenApi['definitions']): readonly GroupVersionKind[] {
  const holds = (name: string, seen: readonly string[]): boolean => {
    if (name === 'io.k8s.api.core.v1.PodSpec') return true;
    if (seen.includes(name)) return false;
    const text = JSON.stringify(definitions[name]?.properties ?? {});
    return [...text.matchAll(/"#\/definitions\/([^"]+)"/g)].some(([, next = '']) =>
      holds(next, [...seen, name]),
    );
  };
  return Object.entries(definitions).flatMap(([name, definition]) => {
    const kinds = definition['x-kubernetes-group-version-kind'] ?? [];
    const [only, second] = kinds;
    if (only === undefined || second !== undefined || only.kind.endsWith('List')) return [];
    return holds(name, []) ? [only] : [];
  });
}

/** The output or the written files of `bootstrap webhook`. */
async function render(
  { folder }: ControlPlane,
  version: string,
  form: readonly string[],
): Promise<readonly KubernetesObject[]> {
  const out = join(folder, 'out');
  const made = await runOurselves(folder, [
    'certificate',
    'create',
    '--host-names=gate',
    join(folder, 'pki'),
  ]);
  assert.equal(made.code, 0, made.stderr);
  const args = form.map((word) =>
    word.replace('=CA', `=${join(folder, 'pki', 'ca.crt')}`).replace('=OUT', `=${out}`),
  );
  const { code, stdout, stderr } = await runOurselves(folder, [
    'bootstrap',
    'webhook',
    `--kubernetes-version=${version}`,
    ...args,
  ]);
  assert.equal(code, 0, stderr);
  const text = stdout.startsWith('apiVersion')
    ? stdout
    : await readFile(join(out, 'kube-image-bouncer.yaml'), 'utf8');
  return parseDocuments(text, 'rendered').map(({ value }) => value as KubernetesObject);
}

/** The objections of the API server to an object: unknown fields, duplicate fields, and invalid values. */
async function problemsOf(client: KubernetesClient, object: KubernetesObject): Promise<readonly string[]> {
  const { status, document, warnings } = await client.send({
    method: 'PATCH',
    path: pathOf(referenceOf(object)),
    query: { dryRun: 'All', fieldValidation: 'Strict', fieldManager: 'test', force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
  if (status < 300) return warnings;
  return [(document as { message?: string }).message ?? `HTTP status ${status}`];
}
