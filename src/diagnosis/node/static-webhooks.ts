import { isAtLeast } from '../../kubernetes/version.ts';
import { examineTrust } from '../certificate/trust.ts';
import { finding, type Finding } from '../finding.ts';
import { addressOf } from '../cluster/material.ts';
import { policyOf } from '../policy.ts';
import { examineCoverage, neededRules } from '../webhook/coverage.ts';
import { examineSelectors } from '../webhook/selectors.ts';
import { describeWebhook } from '../../wiring/webhook-configuration.ts';
import { examineSettings } from '../webhook/settings.ts';
import type { NodeMaterial, StaticFile, StaticMaterial } from './material.ts';

const ENDING = '.static.k8s.io';

/** Checks that the API server can load its webhooks from files, and that they call the gate. */
export function examineStatic(material: NodeMaterial): readonly Finding[] {
  const { staticFolder, version, manifestFile } = material;
  if (staticFolder === undefined) return [];
  const isTooOld = version !== undefined && !isAtLeast(version, 1, 36);
  return [
    ...(isTooOld ? [finding('STATIC_TOO_OLD', manifestFile, `kube-apiserver is ${version.text}`)] : []),
    ...examineFolder(staticFolder, material),
  ];
}

function examineFolder(
  folder: StaticMaterial,
  { now, version, policy, isOnNode }: NodeMaterial,
): readonly Finding[] {
  if (folder.files === undefined)
    return [
      finding(
        'STATIC_FOLDER_MISSING',
        folder.namedAt,
        `staticManifestsDir names ${JSON.stringify(folder.path)}, and there is no such folder`,
      ),
    ];
  const webhooks = folder.files.flatMap((file) => file.webhooks);
  const found = [
    ...folder.files.flatMap(examineFile),
    ...examineSettings(webhooks),
    ...(version === undefined ? [] : examineSelectors(webhooks, version, policyOf(policy))),
    ...examineCoverage([{ namespaces: [], webhooks }], neededRules(policyOf(policy))),
    ...webhooks.flatMap((webhook) => {
      const seen = folder.served.find(({ address }) => address === addressOf(webhook));
      if (webhook.target.form !== 'url' || seen === undefined) return [];
      const { address, serverName, chain } = seen;
      const served = typeof chain === 'string' ? undefined : { subject: address, chain };
      return examineTrust(
        { subject: describeWebhook(webhook), trust: webhook.trust, serverName, served },
        now,
      );
    }),
    ...folder.served.flatMap(({ address, chain }) =>
      typeof chain === 'string'
        ? [finding(isOnNode ? 'GATE_UNREACHABLE' : 'CERTIFICATE_UNSEEN', address, chain)]
        : [],
    ),
  ];
  if (webhooks.length > 0 || folder.files.some(({ problem }) => problem !== undefined)) return found;
  return [...found, finding('STATIC_FOLDER_EMPTY', folder.path, 'no webhook in it calls a gate')];
}

function examineFile({ file, problem, names, webhooks }: StaticFile): readonly Finding[] {
  if (problem !== undefined) return [finding('STATIC_OBJECT_UNREADABLE', file, problem)];
  return [
    ...names
      .filter((name) => !name.endsWith(ENDING))
      .map((name) => finding('STATIC_NAME', file, `the name of an object is ${name}`)),
    ...webhooks
      .filter(({ target }) => target.form === 'service')
      .map((webhook) => finding('STATIC_SERVICE', describeWebhook(webhook), 'it calls a Service')),
  ];
}
