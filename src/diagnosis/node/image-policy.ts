import { isAbsolute } from 'node:path';
import type { AdmissionConfiguration } from '../../control-plane/admission-configuration.ts';
import { IMAGE_POLICY_PLUGIN } from '../../control-plane/api-server-manifest.ts';
import {
  isInRange,
  kubeConfigFileOf,
  SETTING_RANGES,
  settingProblem,
  type WrittenValue,
} from '../../control-plane/image-policy-settings.ts';
import { WEBHOOK_PLUGIN } from '../../control-plane/webhook-plugin.ts';
import type { NamedFile } from '../../wiring/api-server-files.ts';
import { finding, type Finding } from '../finding.ts';
import { remedy } from '../remedy.ts';
import type { NodeMaterial } from './material.ts';
import { imagePolicyStageOf } from './kubeconfig.ts';
import { examineNamedFile } from './named-file.ts';

/** With a longer time, a change of the policy takes effect too late. */
const LONG_SECONDS = 300;

/** Checks the settings of the `ImagePolicyWebhook` plugin. */
export function examineImagePolicy(material: NodeMaterial): readonly Finding[] {
  const { imagePolicy } = material;
  if (imagePolicy === undefined) return examineConfigurationFiles(material);
  const { file, settings } = imagePolicy;
  const at = ({ position }: WrittenValue): string => `${file}:${position}`;
  const ranges = Object.keys(SETTING_RANGES) as (keyof typeof SETTING_RANGES)[];
  const { defaultAllow, allowTTL } = settings;
  const { admission } = material;
  return [
    ...(['kubeConfigFile', 'defaultAllow'] as const).flatMap((key) => {
      const [written, problem] = [settings[key], settingProblem(key, settings[key])];
      return written === undefined || problem === undefined
        ? []
        : [finding('SETTING_INVALID', at(written), problem)];
    }),
    ...ranges.flatMap((key) => {
      const written = settings[key];
      if (written === undefined || !written.value || isInRange(key, written.value)) return [];
      return [finding('TTL_INVALID', at(written), `${key} is ${JSON.stringify(written.value)}`)];
    }),
    ...examineLongTtl(allowTTL, file),
    ...(defaultAllow?.value === true && imagePolicyStageOf(material) === 'deny'
      ? [finding('DEFAULT_ALLOW', at(defaultAllow), 'defaultAllow is true at stage deny')]
      : []),
    ...examineKubeconfigPath(imagePolicy, admission),
    ...examineConfigurationFiles(material),
  ];
}

/** The remedy of a name in wrong letters: `bootstrap` does not write a second one beside it. */
const FIX = remedy`fix the name at this place`;

/** A mistake in the admission configuration that leaves the plugin without settings. */
export function examineLacking(
  file: string,
  { position, sentence }: NonNullable<AdmissionConfiguration['lacking']>,
): Finding {
  return finding('PLUGIN_WITHOUT_CONFIGURATION', `${file}:${position}`, sentence, FIX);
}

/** The path of the kubeconfig: it must be there, and should be absolute. */
function examineKubeconfigPath(
  { file, settings }: NonNullable<NodeMaterial['imagePolicy']>,
  admission: NodeMaterial['admission'],
): readonly Finding[] {
  const written = kubeConfigFileOf(settings);
  const position = settings.kubeConfigFile?.position;
  const place = position === undefined ? file : `${file}:${position}`;
  if (written === undefined) {
    const lacking = admission?.opened.state === 'read' ? admission.opened.value.lacking : undefined;
    return lacking === undefined
      ? [finding('GATE_KUBECONFIG_MISSING', place, 'kubeConfigFile names no file')]
      : [examineLacking(file, lacking)];
  }
  return isAbsolute(written)
    ? []
    : [finding('GATE_KUBECONFIG_RELATIVE', place, `kubeConfigFile is ${JSON.stringify(written)}`)];
}

/** The files of the configuration: the one of the flag, and those that it names for the plugins. */
function examineConfigurationFiles({
  manifest,
  admission,
  pluginFile,
  webhookPlugin,
}: NodeMaterial): readonly Finding[] {
  const flag = manifest.state === 'read' ? manifest.value.admissionConfigFile : undefined;
  const pathOf = (name: string): string =>
    (admission?.opened.state === 'read'
      ? admission.opened.value.plugins.find((plugin) => plugin.name === name)?.file?.value
      : undefined) ?? '';
  const plugin = (name: string, file: NamedFile<unknown> | undefined): readonly Finding[] =>
    file === undefined
      ? []
      : examineNamedFile({ name: `path of ${name}`, written: pathOf(name) }, file, {
          missing: 'PLUGIN_FILE_MISSING',
          unreadable: 'PLUGIN_FILE_UNREADABLE',
        });
  return [
    ...(admission === undefined
      ? []
      : examineNamedFile({ name: '--admission-control-config-file', written: flag ?? '' }, admission, {
          missing: 'ADMISSION_CONFIGURATION_MISSING',
          unreadable: 'ADMISSION_CONFIGURATION_UNREADABLE',
        })),
    ...plugin(IMAGE_POLICY_PLUGIN, pluginFile),
    ...plugin(WEBHOOK_PLUGIN, webhookPlugin),
  ];
}

/** Without the setting, or with 0, the plugin uses five minutes. */
function examineLongTtl(allowTTL: WrittenValue | undefined, file: string): readonly Finding[] {
  const seconds = allowTTL?.value || LONG_SECONDS;
  if (!isInRange('allowTTL', seconds) || seconds < LONG_SECONDS) return [];
  const where = allowTTL === undefined ? file : `${file}:${allowTTL.position}`;
  return [finding('TTL_LONG', where, `an admission is cached for ${seconds} s`)];
}
