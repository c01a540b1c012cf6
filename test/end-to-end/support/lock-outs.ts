import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { bouncer, type Outcome } from '#test/command-line.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';
import type { CommandResult } from './processes.ts';
import { scenario } from './scenario.ts';

/** A webhook as a test writes it. Fields that are absent have the defaults of the API server. */
interface WebhookFields {
  readonly name: string;
  readonly url: string;
  readonly authority?: string;
  readonly rules?: readonly object[];
  readonly failurePolicy?: 'Fail' | 'Ignore';
}

/** A port without a listener. */
export const DEAD_GATE = 'https://127.0.0.1:1/validate';

const everyPod = [
  { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
];

/** A configuration as users write it by hand: for all resources in all namespaces, with `failurePolicy: Fail`. */
function handMade(name: string, webhooks: readonly WebhookFields[]): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: webhooks.map(({ name: webhook, url, authority, rules = everyPod, failurePolicy = 'Fail' }) => ({
      name: webhook,
      clientConfig: {
        url,
        ...(authority !== undefined && { caBundle: Buffer.from(authority).toString('base64') }),
      },
      rules,
      failurePolicy,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: 5,
    })),
  };
}

/** A pod with this image. */
export function podOf(name: string, image = 'nginx:1.17.1'): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'main', image }] },
  };
}

/** Tries to create an object in a namespace with a dry run of kubectl. */
export async function tryCreate(
  { kubectl }: ControlPlane,
  namespace: string,
  object: object = podOf('trial'),
): Promise<CommandResult> {
  return kubectl(['create', '--dry-run=server', `--namespace=${namespace}`, '--filename=-'], {
    stdin: JSON.stringify(object),
  });
}

/** Waits until a creation is refused with this text, because the API server applies a configuration with a delay. */
export async function untilLocked(
  controlPlane: ControlPlane,
  namespace: string,
  words: string,
  object?: object,
): Promise<void> {
  await eventually(`${namespace} is locked`, async () => {
    const { code, stderr } = await tryCreate(controlPlane, namespace, object);
    return code !== 0 && stderr.includes(words) ? true : undefined;
  });
}

/** Waits until a creation succeeds. */
export async function untilOpen(
  controlPlane: ControlPlane,
  namespace: string,
  object?: object,
): Promise<void> {
  await eventually(`${namespace} is open`, async () => {
    const { code } = await tryCreate(controlPlane, namespace, object);
    return code === 0 ? true : undefined;
  });
}

/** Applies an object unchanged. */
export async function apply({ kubectl }: ControlPlane, object: object): Promise<void> {
  const { code, stderr } = await kubectl(['create', '--filename=-'], { stdin: JSON.stringify(object) });
  assert.equal(code, 0, stderr);
}

/** Runs `recover` as a user types it. Its backups are in a folder of the control plane. */
export async function recover(controlPlane: ControlPlane, ...args: readonly string[]): Promise<Outcome> {
  return recoverWith(controlPlane, controlPlane.kubeconfig, ...args);
}

/** The same with another kubeconfig. */
export async function recoverWith(
  { folder }: ControlPlane,
  kubeconfig: string,
  ...args: readonly string[]
): Promise<Outcome> {
  return bouncer(['recover', `--kubeconfig=${kubeconfig}`, `--backup=${folder}/backup`, ...args]);
}

/** The backup file that the output of `recover --yes` names. */
export function backupOf({ stdout, stderr }: Outcome): string {
  return /recover --undo (\S+)/.exec(stdout)?.[1] ?? assert.fail(`no backup is named: ${stdout}${stderr}`);
}

// Fields that differ after each write of an object.
const KEPT_BY_THE_SERVER = new Set([
  'resourceVersion',
  'generation',
  'uid',
  'creationTimestamp',
  'managedFields',
]);

/** A configuration without the fields that each write changes. */
export async function configurationOf(
  { kubectl }: ControlPlane,
  name: string,
): Promise<Configuration | undefined> {
  const { code, stdout } = await kubectl(['get', 'validatingwebhookconfiguration', name, '--output=json']);
  if (code !== 0) return undefined;
  const { metadata, ...content } = JSON.parse(stdout) as Configuration & {
    metadata: Record<string, unknown>;
  };
  const kept = Object.entries(metadata).filter(([field]) => !KEPT_BY_THE_SERVER.has(field));
  return { ...content, metadata: Object.fromEntries(kept) };
}

/** A webhook configuration as the API server stores it. */
interface Configuration {
  readonly metadata: object;
  readonly webhooks: readonly (Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly namespaceSelector: object;
  })[];
}

/** Paths at which two values differ: `webhooks.0.failurePolicy`. */
export function differences(one: unknown, other: unknown, path = ''): readonly string[] {
  if (isDeepStrictEqual(one, other)) return [];
  if (!isContainer(one) || !isContainer(other)) return [path];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) =>
    differences(
      (one as Record<string, unknown>)[key],
      (other as Record<string, unknown>)[key],
      path === '' ? key : `${path}.${key}`,
    ),
  );
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A test of a lock-out. The lock-out is created before the test and is always removed after it. */
export function lockOut(
  controlPlane: () => ControlPlane,
  title: string,
  { name, webhooks }: { readonly name: string; readonly webhooks: () => readonly WebhookFields[] },
  body: () => Promise<void>,
): void {
  scenario(title, async () => {
    await apply(controlPlane(), handMade(name, webhooks()));
    try {
      await body();
    } finally {
      const { kubectl } = controlPlane();
      await kubectl(['delete', 'validatingwebhookconfiguration', name, '--ignore-not-found']);
      await untilOpen(controlPlane(), 'default');
    }
  });
}
