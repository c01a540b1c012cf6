import { deepEqual, equal, ok } from 'node:assert/strict';
import { isAbsolute, posix } from 'node:path';
import {
  isInRange,
  kubeConfigFileOf,
  type WrittenImagePolicy,
} from '../../src/control-plane/image-policy-settings.ts';
import type { Finding, FindingCode } from '../../src/diagnosis/finding.ts';
import { examineNode } from '../../src/diagnosis/node/examine.ts';
import { gatherNode } from '../../src/diagnosis/node/gather.ts';
import type { NodeMaterial } from '../../src/diagnosis/node/material.ts';
import { renderYaml } from '../../src/document/render.ts';
import { clientPair, dayAfter, gateAuthority } from '../support/gate-certificates.ts';
import { inMemory } from '../support/node-findings.ts';
import type { ServerInput } from './server-files.ts';
import type { ServerAnswer } from './server-readers.ts';

const FOLDER = '/node';
const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

/** Certificates and a folder beside the generated files. */
export const PKI: Readonly<Record<string, string>> = {
  'pki/ca.crt': gateAuthority.certificate,
  'pki/client.crt': clientPair.certificate,
  'pki/client.key': clientPair.key,
  'pki/other.key': gateAuthority.key,
  'static/webhooks.yaml': 'kind: List\nitems: []\n',
};

/** Findings with which the API server does not start. */
const NO_START: ReadonlySet<FindingCode> = new Set([
  'FLAG_INVALID',
  'MANIFEST_UNREADABLE',
  'ADMISSION_CONFIGURATION_MISSING',
  'ADMISSION_CONFIGURATION_UNREADABLE',
  'STATIC_FOLDER_MISSING',
]);

/** The same, if the plugin is enabled. */
const NO_PLUGIN: ReadonlySet<FindingCode> = new Set([
  ...NO_START,
  'PLUGIN_DISABLED',
  'PLUGIN_WITHOUT_CONFIGURATION',
  'PLUGIN_FILE_UNREADABLE',
  'SETTING_INVALID',
  'PLUGIN_FILE_MISSING',
  'GATE_KUBECONFIG_MISSING',
  'GATE_KUBECONFIG_UNREADABLE',
  'GATE_KUBECONFIG_CONTEXT',
  'TTL_INVALID',
  'CLIENT_PAIR_UNUSABLE',
  'CA_UNREADABLE',
]);

/** What doctor makes of the files of a node. */
interface Examination {
  readonly material: NodeMaterial;
  readonly findings: readonly Finding[];
}

/** Examines an input as doctor does. */
export async function examineServer({ files, flags }: ServerInput): Promise<Examination> {
  const placed = (text: string): string => text.replaceAll('${FOLDER}', FOLDER);
  const entries = Object.entries({ ...files, ...PKI }).map(([name, text]): [string, string] => [
    posix.join(FOLDER, name),
    placed(text),
  ]);
  const material = await gatherNode({
    files: inMemory(new Map([...entries, [MANIFEST, renderManifest(flags.map(placed))]])),
    manifestFile: MANIFEST,
    folder: '/gate',
    version: undefined,
    policy: undefined,
    isOnNode: false,
    now: () => dayAfter(1),
    fetchChain: async () => {
      throw new Error('not asked');
    },
    offerPair: async () => {
      throw new Error('not asked');
    },
  });
  return { material, findings: examineNode(material) };
}

function renderManifest(flags: readonly string[]): string {
  return renderYaml({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kube-apiserver' },
    spec: {
      containers: [
        {
          name: 'kube-apiserver',
          command: ['kube-apiserver', ...flags],
          volumeMounts: [{ name: 'node', mountPath: FOLDER }],
        },
      ],
      volumes: [{ name: 'node', hostPath: { path: FOLDER } }],
    },
  });
}

/**
 * The class of an input: `starts`, or the code of the finding with which the API server does not start.
 * @throws {AssertionError} if doctor and kube-apiserver disagree.
 */
export function compareServer({ material, findings }: Examination, answer: ServerAnswer): string {
  const isEnabled =
    material.manifest.state === 'read' &&
    material.manifest.value.enabledPlugins.includes('ImagePolicyWebhook');
  // The plugin that calls webhooks is always enabled.
  const isWired = ['read', undefined].includes(material.webhookPlugin?.opened.state);
  const codes = isEnabled || !isWired ? NO_PLUGIN : NO_START;
  const fault = findings.find(
    ({ code }) => codes.has(code) && !(code === 'CLIENT_PAIR_UNUSABLE' && !lacksPairFile(material)),
  );
  if (answer.problem !== '') {
    ok(
      fault !== undefined,
      `the API server does not start, and doctor has no such finding: ${answer.problem}`,
    );
    return fault.code;
  }
  if (fault?.what.includes('occurs twice') === true) return ONLY_DOCTOR_REFUSES;
  ok(
    fault === undefined,
    `the API server starts, and doctor reports ${fault?.code}: ${fault?.subject}: ${fault?.what}`,
  );
  ok(material.manifest.state === 'read');
  deepEqual(material.manifest.value.enabledPlugins, answer.plugins ?? []);
  compareStatic(material, answer);
  if (answer.settings === null) return 'starts without the plugin';
  compareSettings(material, answer.settings);
  compareKubeconfig(material, answer);
  return 'starts';
}

/** A key twice in the JSON of a plugin: the API server takes the last, other readers may take the first. */
const ONLY_DOCTOR_REFUSES = 'a key twice in JSON, which only doctor refuses';

/** A pair that does not fit ends no start: the gate turns the API server away. A key alone is not read. */
function lacksPairFile({ kubeconfig }: NodeMaterial): boolean {
  const { clientCertificate, clientKey } = kubeconfig ?? {};
  return [clientCertificate, clientCertificate && clientKey].some((one) => one?.missing !== undefined);
}

function compareStatic({ webhookPlugin }: NodeMaterial, { staticFolder }: ServerAnswer): void {
  const folder =
    webhookPlugin?.opened.state === 'read' ? webhookPlugin.opened.value.staticManifestsDir : undefined;
  equal(below(folder?.value), staticFolder);
}

function compareSettings(
  { imagePolicy }: NodeMaterial,
  settings: NonNullable<ServerAnswer['settings']>,
): void {
  ok(imagePolicy !== undefined, 'doctor finds no settings');
  const ours: WrittenImagePolicy = imagePolicy.settings;
  const { kubeConfigFile, ...others } = settings;
  equal(below(kubeConfigFileOf(ours)), kubeConfigFile);
  for (const [key, value] of Object.entries(others)) {
    const written = ours[key as keyof typeof others]?.value ?? (key === 'defaultAllow' ? false : 0);
    equal(written, value, key);
    ok(typeof written === 'boolean' || written === 0 || isInRange(key as 'allowTTL', written));
  }
}

function compareKubeconfig({ kubeconfig }: NodeMaterial, answer: ServerAnswer): void {
  ok(kubeconfig?.opened.state === 'read', 'doctor reads no kubeconfig');
  const { server, authorityFile, clientCertificateFile, clientKeyFile } = kubeconfig.opened.value;
  equal(
    URL.parse(server?.value ?? '')?.href ?? server?.value,
    URL.parse(answer.server)?.href ?? answer.server,
  );
  // client-go reads them only for an https server.
  if (!answer.server.startsWith('https:')) return;
  const located = (file: string | undefined): string =>
    file === undefined ? '' : below(isAbsolute(file) ? file : posix.join(FOLDER, file));
  equal(located(authorityFile?.value), answer.authority);
  equal(located(clientCertificateFile?.value), answer.clientCertificate);
  if (clientCertificateFile !== undefined) equal(located(clientKeyFile?.value), answer.clientKey);
}

/** A path without the folder of the input. */
function below(path: string | undefined): string {
  return (path ?? '').replace(FOLDER, '');
}
