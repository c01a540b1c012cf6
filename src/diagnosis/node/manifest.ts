import { dirname, join } from 'node:path';
import { findFlagFaults } from '../../control-plane/admission-flag-faults.ts';
import type { Flag } from '../../control-plane/api-server-flags.ts';
import { type ApiServerManifest, IMAGE_POLICY_PLUGIN } from '../../control-plane/api-server-manifest.ts';
import { describeOwner, renderDistributionSettings } from '../../control-plane/distribution.ts';
import { GATE_FILES } from '../../control-plane/gate-command.ts';
import { NODE_FOLDER } from '../../wiring/names.ts';
import { finding, type Finding } from '../finding.ts';
import { examineLacking } from './image-policy.ts';
import { describeMissing, examineProblem } from './named-file.ts';
import { remedy, shellCommand } from '../remedy.ts';
import type { NodeMaterial } from './material.ts';

/** Checks the flags of the API server, and whether its container contains the files that they name. */
export function examineManifest(material: NodeMaterial): readonly Finding[] {
  const { manifest, manifestFile } = material;
  switch (manifest.state) {
    case 'missing':
      return material.distribution === undefined
        ? [finding('MANIFEST_UNREADABLE', manifestFile, describeMissing(manifestFile, manifest))]
        : [finding('NO_WIRING', manifestFile, 'no file names a configuration of a gate')];
    case 'unreadable':
      return [examineProblem('MANIFEST_UNREADABLE', manifest)];
    case 'unseen':
      return [];
    case 'read':
      return [
        ...findFlagFaults(manifest.value).map(({ place, sentence }) =>
          finding('FLAG_INVALID', place, sentence),
        ),
        ...examinePlugins(material),
        ...examineMounts(material),
      ];
  }
}

function examinePlugins(material: NodeMaterial): readonly Finding[] {
  const { manifest, manifestFile, admission, imagePolicy, pluginFile, staticFolder, folder } = material;
  if (manifest.state !== 'read') return [];
  const { flag, positionOf } = manifest.value;
  const at = (name: string): string => placeOf(flag(name), positionOf) ?? manifestFile;
  if (findFlagFaults(manifest.value).length > 0) return [];
  const isEnabled = manifest.value.enabledPlugins.includes(IMAGE_POLICY_PLUGIN);
  if (manifest.value.disabledPlugins.includes(IMAGE_POLICY_PLUGIN))
    return [
      finding(
        'PLUGIN_DISABLED',
        at('disable-admission-plugins'),
        `--disable-admission-plugins names ${IMAGE_POLICY_PLUGIN}`,
      ),
    ];
  if (!isEnabled && imagePolicy !== undefined)
    return [
      finding(
        'CONFIGURATION_WITHOUT_PLUGIN',
        at('enable-admission-plugins'),
        `${imagePolicy.file} configures ${IMAGE_POLICY_PLUGIN}, and --enable-admission-plugins does not name it`,
      ),
    ];
  if (isEnabled && imagePolicy === undefined && pluginFile === undefined)
    return examineUnconfigured(admission, at('enable-admission-plugins'));
  if (isEnabled || staticFolder !== undefined || (admission && admission.opened.state !== 'read')) return [];
  const left = material.inFolder.filter((name) => name !== 'backup');
  return left.length === 0
    ? [finding('NO_WIRING', manifestFile, 'no flag names a configuration of a gate')]
    : [finding('MANIFEST_LOST_FLAGS', manifestFile, `no flag names the files of ${folder}`)];
}

/** The plugin is enabled, and no file that can be read configures it. */
function examineUnconfigured(admission: NodeMaterial['admission'], enabledAt: string): readonly Finding[] {
  const isEnabled = `${IMAGE_POLICY_PLUGIN} is enabled, and`;
  if (admission === undefined)
    return [
      finding(
        'PLUGIN_WITHOUT_CONFIGURATION',
        enabledAt,
        `${isEnabled} no --admission-control-config-file is given`,
      ),
    ];
  // The file has a finding of its own otherwise.
  if (admission.opened.state !== 'read') return [];
  const { file, value } = admission.opened;
  return [
    value.lacking === undefined
      ? finding(
          'PLUGIN_WITHOUT_CONFIGURATION',
          `${file}:${value.positionOf(['plugins'])}`,
          `${isEnabled} no plugin here has its name`,
        )
      : examineLacking(file, value.lacking),
  ];
}

function placeOf(flag: Flag | undefined, positionOf: ApiServerManifest['positionOf']): string | undefined {
  return flag && positionOf(flag.path);
}

function examineMounts({ unmounted }: NodeMaterial): readonly Finding[] {
  return unmounted.map(({ path, namedAt }) =>
    finding('MOUNT_MISSING', namedAt, `no volume contains ${JSON.stringify(path)}`),
  );
}

/** The tool that owns the API server, with the settings that it needs for `ImagePolicyWebhook`. */
export function examineOwner({
  distribution,
  manifest,
  manifestFile,
  folder,
}: NodeMaterial): readonly Finding[] {
  if (distribution === undefined) return [];
  const plugins = manifest.state === 'read' ? manifest.value.enabledPlugins : [];
  const settings = renderDistributionSettings(distribution, {
    plugins: [...new Set([...plugins, IMAGE_POLICY_PLUGIN])],
    configurationFile: join(folder, GATE_FILES.admissionConfiguration),
    folder,
  });
  return [
    finding('CONTROL_PLANE_OWNED', manifestFile, describeOwner(distribution), [
      `give ${distribution.title} its own settings: ${settings.trim().replaceAll(/\s*\n\s*/g, ' · ')}`,
    ]),
  ];
}

/** Other files that run kube-apiserver: the kubelet runs each file of the folder, except names that begin with a dot. */
export function examineBesides({ manifest, secondServers, manifestFile }: NodeMaterial): readonly Finding[] {
  if (manifest.state !== 'read') return [];
  return secondServers.map(({ name, enablesPlugin }) =>
    finding(
      'BACKUP_IN_MANIFESTS',
      manifestFile,
      `its folder also contains ${JSON.stringify(name)}, which runs kube-apiserver ${enablesPlugin ? 'too' : `without ${IMAGE_POLICY_PLUGIN}`}`,
      remedy`${shellCommand('mv', join(dirname(manifestFile), name), `${NODE_FOLDER}/backup/`)}`,
    ),
  );
}
