import { join } from 'node:path';
import { invalid, parseApiServerManifest, type ApiServerManifest } from './api-server-manifest.ts';
import { wireApiServer } from './api-server-wiring.ts';
import { distributionOfNode, type Owner, renderDistributionSettings } from './distribution.ts';
import { findFile, type PlannedFile } from './file-plan.ts';
import { GATE_FILES } from './gate-command.ts';
import { fingerprintOf } from './undo-record.ts';
import { mergeWebhookPlugin } from './webhook-plugin.ts';

/** Options for an API server that reads a webhook configuration from a file. */
interface StaticWebhookPlanOptions {
  /** The folder of the gate. */
  readonly folder: string;
  /** The static pod manifest of kube-apiserver. */
  readonly manifest: string;
  /** Text of the webhook configuration. */
  readonly configuration: string;
  /** The client certificate of the API server; `undefined` if the gate requires none. */
  readonly kubeconfig: { readonly path: string; readonly text: string } | undefined;
}

/** The files of a node, in the order in which they must be written. */
interface StaticWebhookPlan {
  readonly files: readonly PlannedFile[];
  /** `undefined` if this machine is not the node. */
  readonly manifest: PlannedFile | undefined;
  /** The tool that owns the manifest. Then no change of it is planned. */
  readonly owner: Owner | undefined;
}

/** The folder that the API server reads. It must contain no other files. */
export const STATIC_FOLDER = 'static-webhooks';

/** The annotation with the fingerprint of this wiring. */
export const STATIC_FINGERPRINT = 'kube-image-bouncer.io/static-webhooks';

const READABLE = 0o644;

/**
 * Plans the files of a webhook that the API server reads from a file. The webhook configuration is in {@link
 * STATIC_FOLDER}. The `AdmissionConfiguration` (merged into the present one) names this folder, and the manifest
 * names the `AdmissionConfiguration`. The API server reads changes in the folder without a restart, so the folder is
 * not part of the fingerprint.
 *
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE, API_SERVER_MANIFEST_INVALID, ADMISSION_CONFIGURATION_INVALID
 * @throws {EditError} DOCUMENT_NOT_EDITABLE
 */
export async function planStaticWebhook(options: StaticWebhookPlanOptions): Promise<StaticWebhookPlan> {
  const { folder, kubeconfig } = options;
  const found = await findFile(options.manifest);
  const distribution = await distributionOfNode(options.manifest);
  const text = found?.content.toString();
  const manifest = text === undefined ? undefined : parseApiServerManifest(text, options.manifest);
  const own = join(folder, GATE_FILES.admissionConfiguration);
  const present = findConfiguration(manifest, own);
  const there = await findFile(present.path);
  // A tool may write its file again, so its plugins are copied into the file of the gate.
  const place = distribution === undefined ? present : { path: own, seenAs: own };
  const admission = mergeWebhookPlugin(there?.content.toString(), present.path, {
    ...(kubeconfig !== undefined && { kubeConfigFile: kubeconfig.path }),
    staticManifestsDir: join(folder, STATIC_FOLDER),
  });
  const wiring = {
    configurationFile: place.seenAs,
    folder,
    fingerprint: fingerprintOf(`${admission}${kubeconfig?.text ?? ''}`).slice(0, 16),
    enablesPlugin: false,
    annotation: STATIC_FINGERPRINT,
  };
  const settings = distribution && renderDistributionSettings(distribution, { ...wiring, plugins: [] });
  return {
    owner: distribution && settings !== undefined ? { distribution, settings } : undefined,
    files: [
      readable(join(folder, STATIC_FOLDER, 'kube-image-bouncer.yaml'), options.configuration),
      ...(kubeconfig === undefined ? [] : [readable(kubeconfig.path, kubeconfig.text)]),
      { path: place.path, content: admission, ...(there === undefined && { mode: READABLE }) },
    ],
    manifest:
      text === undefined || distribution !== undefined
        ? undefined
        : { path: options.manifest, content: wireApiServer(text, options.manifest, wiring) },
  };
}

function readable(path: string, content: string): PlannedFile {
  return { path, content, mode: READABLE };
}

/** The present configuration of the API server, otherwise a new one. */
function findConfiguration(
  manifest: ApiServerManifest | undefined,
  own: string,
): { readonly path: string; readonly seenAs: string } {
  const seenAs = manifest?.admissionConfigFile;
  if (manifest === undefined || seenAs === undefined || seenAs === own) return { path: own, seenAs: own };
  const path = manifest.hostPathOf(seenAs);
  if (path !== undefined) return { path, seenAs };
  throw invalid(
    manifest.positionOf(manifest.flag('admission-control-config-file')?.path ?? []),
    `the API server reads ${seenAs}, and no hostPath volume contains this path (mount the folder, or remove the flag)`,
  );
}
