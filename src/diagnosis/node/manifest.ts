import { basename } from 'node:path';
import { IMAGE_POLICY_PLUGIN } from '../../control-plane/api-server-manifest.ts';
import { finding, type Finding } from '../finding.ts';
import type { NodeMaterial } from './material.ts';

/** Checks the flags of the API server, and whether its container contains the files that they name. */
export function examineManifest(material: NodeMaterial): readonly Finding[] {
  const { manifest, manifestFile } = material;
  switch (manifest.state) {
    case 'missing':
      return [finding('MANIFEST_UNREADABLE', manifestFile, 'there is no such file')];
    case 'unreadable':
      return [finding('MANIFEST_UNREADABLE', manifestFile, manifest.problem)];
    case 'read':
      return [...examinePlugins(material), ...examineMounts(material)];
  }
}

function examinePlugins(material: NodeMaterial): readonly Finding[] {
  const { manifest, manifestFile, admission, imagePolicy, staticFolder, folder } = material;
  if (manifest.state !== 'read') return [];
  const isEnabled = manifest.value.enabledPlugins.includes(IMAGE_POLICY_PLUGIN);
  if (manifest.value.disabledPlugins.includes(IMAGE_POLICY_PLUGIN))
    return [
      finding('PLUGIN_DISABLED', manifestFile, `--disable-admission-plugins names ${IMAGE_POLICY_PLUGIN}`),
    ];
  if (!isEnabled && imagePolicy !== undefined)
    return [
      finding(
        'CONFIGURATION_WITHOUT_PLUGIN',
        manifestFile,
        `${imagePolicy.file} configures ${IMAGE_POLICY_PLUGIN}, and --enable-admission-plugins does not name it`,
      ),
    ];
  if (
    isEnabled &&
    imagePolicy === undefined &&
    admission?.state !== 'missing' &&
    admission?.state !== 'unreadable'
  )
    return [
      finding(
        'PLUGIN_WITHOUT_CONFIGURATION',
        manifestFile,
        admission === undefined
          ? `${IMAGE_POLICY_PLUGIN} is enabled, and no --admission-control-config-file is given`
          : `${IMAGE_POLICY_PLUGIN} is enabled, and ${admission.file} does not configure it`,
      ),
    ];
  if (isEnabled || staticFolder !== undefined || admission?.state === 'missing') return [];
  const left = material.inFolder.filter((name) => name !== 'backup');
  return left.length === 0
    ? [finding('NO_WIRING', manifestFile, 'no flag names a configuration of a gate')]
    : [finding('MANIFEST_LOST_FLAGS', manifestFile, `no flag names the files of ${folder}`)];
}

function examineMounts({ manifestFile, unmounted }: NodeMaterial): readonly Finding[] {
  return unmounted.map((path) => finding('MOUNT_MISSING', manifestFile, `no volume contains ${path}`));
}

/** Copies of the manifest: the kubelet runs each file of the folder, except names that begin with a dot. */
export function examineBesides({ besides, manifestFile }: NodeMaterial): readonly Finding[] {
  const own = basename(manifestFile);
  const stem = own.replace(/\.(?:ya?ml|json)$/, '');
  return besides
    .filter((name) => name !== own && !name.startsWith('.') && name.includes(stem))
    .map((name) =>
      finding(
        'BACKUP_IN_MANIFESTS',
        manifestFile,
        `its folder also contains ${name}, which the kubelet runs as well`,
      ),
    );
}
