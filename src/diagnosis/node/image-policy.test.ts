import { describe } from 'node:test';
import type { FindingCode } from '../finding.ts';
import { imagePolicyReports, type NodeChange } from '#test/node-findings.ts';

const ADMISSION = 'admission-configuration.yaml';

function setting(key: string, value: string | undefined): NodeChange {
  const line = new RegExp(`^( *)${key}: .*\\n`, 'm');
  return {
    files: { [ADMISSION]: (text) => text.replace(line, value === undefined ? '' : `$1${key}: ${value}\n`) },
  };
}

describe('the admission configuration', () => {
  imagePolicyReports(['ADMISSION_CONFIGURATION_MISSING'], 'a file that does not exist', {
    files: { [ADMISSION]: undefined },
  });
  for (const text of ['plugins: [', 'kind: Admission\n'])
    imagePolicyReports(['ADMISSION_CONFIGURATION_UNREADABLE'], `a file with the text ${text.trim()}`, {
      files: { [ADMISSION]: text },
    });
});

describe('the settings of ImagePolicyWebhook', () => {
  const CASES: readonly (readonly [key: string, value: string | undefined, codes: readonly FindingCode[]])[] =
    [
      ['allowTTL', '30s', ['TTL_INVALID']],
      ['allowTTL', '1801', ['TTL_INVALID']],
      ['denyTTL', '-2', ['TTL_INVALID']],
      ['retryBackoff', '300001', ['TTL_INVALID']],
      ['retryBackoff', '0.5', ['TTL_INVALID']],
      ['allowTTL', '300', ['TTL_LONG']],
      ['allowTTL', '0', ['TTL_LONG']],
      ['allowTTL', undefined, ['TTL_LONG']],
      ['allowTTL', '299', []],
      ['allowTTL', '-1', []],
      ['denyTTL', '1800', []],
      ['defaultAllow', 'true', ['DEFAULT_ALLOW']],
      ['kubeConfigFile', 'kubeconfig.yaml', ['GATE_KUBECONFIG_RELATIVE']],
      ['kubeConfigFile', '""', ['GATE_KUBECONFIG_MISSING']],
      ['kubeConfigFile', undefined, ['GATE_KUBECONFIG_MISSING']],
    ];
  for (const [key, value, codes] of CASES)
    imagePolicyReports(codes, `${key} ${value ?? 'left out'}`, setting(key, value));

  imagePolicyReports(['BELOW_DENY'], 'defaultAllow true at stage warn', {
    files: {
      ...setting('defaultAllow', 'true').files,
      'kubeconfig.yaml': (text) => text.replace('/image_policy', '/image_policy/warn'),
    },
  });
});
