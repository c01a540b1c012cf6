import { isAbsolute } from 'node:path';
import { isInRange, SETTING_RANGES, type WrittenValue } from '../../control-plane/image-policy-settings.ts';
import { finding, type Finding } from '../finding.ts';
import type { NodeMaterial } from './material.ts';
import { imagePolicyStageOf } from './kubeconfig.ts';

/** With a longer time, a change of the policy takes effect too late. */
const LONG_SECONDS = 300;

/** Checks the settings of the `ImagePolicyWebhook` plugin. */
export function examineImagePolicy(material: NodeMaterial): readonly Finding[] {
  const { admission, imagePolicy } = material;
  if (admission?.state === 'missing')
    return [finding('ADMISSION_CONFIGURATION_MISSING', admission.file, 'there is no such file')];
  if (admission?.state === 'unreadable')
    return [finding('ADMISSION_CONFIGURATION_UNREADABLE', admission.file, admission.problem)];
  if (imagePolicy === undefined) return [];
  const { file, settings } = imagePolicy;
  const at = ({ position }: WrittenValue): string => `${file}:${position}`;
  const ranges = Object.keys(SETTING_RANGES) as (keyof typeof SETTING_RANGES)[];
  const { kubeConfigFile, defaultAllow, allowTTL } = settings;
  return [
    ...ranges.flatMap((key) => {
      const written = settings[key];
      if (written === undefined || written.value === 0 || isInRange(key, written.value)) return [];
      return [finding('TTL_INVALID', at(written), `${key} is ${JSON.stringify(written.value)}`)];
    }),
    ...examineLongTtl(allowTTL, file),
    ...(defaultAllow?.value === true && imagePolicyStageOf(material) === 'deny'
      ? [finding('DEFAULT_ALLOW', at(defaultAllow), 'defaultAllow is true at stage deny')]
      : []),
    ...(typeof kubeConfigFile?.value === 'string' && kubeConfigFile.value !== ''
      ? isAbsolute(kubeConfigFile.value)
        ? []
        : [
            finding(
              'GATE_KUBECONFIG_RELATIVE',
              at(kubeConfigFile),
              `kubeConfigFile is ${kubeConfigFile.value}`,
            ),
          ]
      : [finding('GATE_KUBECONFIG_MISSING', file, 'kubeConfigFile names no file')]),
  ];
}

/** Without the setting, or with 0, the plugin uses five minutes. */
function examineLongTtl(allowTTL: WrittenValue | undefined, file: string): readonly Finding[] {
  const seconds = allowTTL?.value === undefined || allowTTL.value === 0 ? LONG_SECONDS : allowTTL.value;
  if (!isInRange('allowTTL', seconds) || seconds < LONG_SECONDS) return [];
  const where = allowTTL === undefined ? file : `${file}:${allowTTL.position}`;
  return [finding('TTL_LONG', where, `an admission is cached for ${seconds} s`)];
}
