import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority } from '../../../src/certificate/authority.ts';
import type { Authority } from '../../../src/certificate/authority.ts';
import type { Environment, KubernetesVersion } from '../../control-plane/binaries.ts';
import { startControlPlane } from './control-plane.ts';
import type { ControlPlane } from './control-plane.ts';
import { startGate } from './gate.ts';
import type { Gate, GateSettings } from './gate.ts';
import type { CommandResult } from './processes.ts';
import { startRecorder } from './recorder.ts';
import type { Recorder } from './recorder.ts';
import { gateKubeconfig, imagePolicyAdmission, wireWebhook } from './wirings.ts';
import type { ImagePolicySettings, WebhookWiring } from './wirings.ts';

/** A control plane and a gate that trust each other, not wired yet. */
interface Stage extends AsyncDisposable {
  readonly authority: Authority;
  readonly controlPlane: ControlPlane;
  readonly gate: Gate;
  readonly recorder: Recorder;
  /** Wires the gate as a validating webhook; `path` is `/validate` unless given. */
  readonly wireWebhook: (wiring: StageWebhook) => Promise<void>;
  /** Wires the gate as `ImagePolicyWebhook`, with mutual TLS; restarts the API server. */
  readonly wireImagePolicy: (settings?: Omit<ImagePolicySettings, 'kubeConfigFile'>) => Promise<void>;
  /** Creates a namespace and returns a kubectl for it. */
  readonly namespace: (name: string) => Promise<Namespace>;
  readonly logTails: () => Promise<string>;
}

/** The options of a webhook wiring that the stage does not set. */
type StageWebhook = Omit<WebhookWiring, 'url' | 'authority'> & { readonly path?: string };

/** kubectl in one namespace. `object` is its stdin. */
export type Namespace = (commandArguments: readonly string[], object?: object) => Promise<CommandResult>;

/** The name in the client certificate of the API server. */
export const apiServerName = 'kube-apiserver';

/** Starts a control plane, a gate and, if requested, the recorder between them. */
export async function openStage(options: {
  readonly environment: Environment;
  readonly controllers?: boolean;
  readonly gate?: GateSettings;
  readonly version?: KubernetesVersion;
}): Promise<Stage> {
  const { environment, controllers = false, gate: gateSettings = {} } = options;
  await using parts = new AsyncDisposableStack();
  const authority = await createAuthority({ commonName: 'end-to-end tests', notBefore: new Date(), days: 1 });
  const client = await authority.issueClient({ commonName: apiServerName, notBefore: new Date(), days: 1 });
  const gate = parts.use(await startGate({ environment, authority, ...gateSettings }));
  const controlPlane = parts.use(
    await startControlPlane({
      environment,
      controllers,
      ...(options.version && { version: options.version }),
    }),
  );
  const { version } = controlPlane;
  const recorder = parts.use(await startRecorder({ environment, authority, gate, client, version }));
  const owned = parts.move();
  return {
    authority,
    controlPlane,
    gate,
    recorder,
    wireWebhook: async ({ path = '/validate', ...wiring }) =>
      wireWebhook(controlPlane, {
        url: `${recorder.url}${path}`,
        authority: authority.certificate,
        ...wiring,
      }),
    wireImagePolicy: async (settings = {}) => {
      const kubeConfigFile = join(controlPlane.folder, 'gate-kubeconfig.json');
      const url = `${recorder.url}/image_policy`;
      const kubeconfig = gateKubeconfig({ url, authority: authority.certificate, client });
      await writeFile(kubeConfigFile, JSON.stringify(kubeconfig), { mode: 0o600 });
      await controlPlane.restartApiServer({
        flags: ['--enable-admission-plugins=ImagePolicyWebhook'],
        admissionConfiguration: imagePolicyAdmission({ kubeConfigFile, ...settings }),
      });
    },
    namespace: async (name) => openNamespace(controlPlane, name),
    logTails: async () => `${await controlPlane.logTails()}\n--- gate\n${await gate.logTail()}`,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function openNamespace(controlPlane: ControlPlane, name: string): Promise<Namespace> {
  const created = await controlPlane.kubectl(['create', 'namespace', name]);
  if (created.code !== 0) throw new Error(`kubectl create namespace ${name}: ${created.stderr}`);
  return async (commandArguments, object) =>
    controlPlane.kubectl(
      [`--namespace=${name}`, ...commandArguments],
      object === undefined ? {} : { stdin: JSON.stringify(object) },
    );
}

/** Asserts that kubectl succeeded. */
export function assertAdmitted(result: CommandResult): void {
  assert.equal(result.code, 0, `kubectl failed: ${result.stderr}`);
}

/** Asserts that kubectl was refused with a text that contains each of `texts`. */
export function assertRefused(result: CommandResult, ...texts: readonly string[]): void {
  assert.notEqual(result.code, 0, `kubectl was not refused: ${result.stdout}`);
  for (const text of texts) {
    assert.ok(
      result.stderr.includes(text),
      `kubectl's error lacks ${JSON.stringify(text)}: ${result.stderr}`,
    );
  }
}
