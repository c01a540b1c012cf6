import assert from 'node:assert/strict';
import test, { describe, it } from 'node:test';
import type { FindingCode } from '../finding.ts';
import { examineChangedNode, imagePolicyReports, type NodeChange } from '#test/node-findings.ts';

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
      ['defaultAllow', 'yes', ['DEFAULT_ALLOW']],
      ['defaultAllow', '"true"', ['SETTING_INVALID']],
      ['kubeConfigFile', '[]', ['SETTING_INVALID', 'GATE_KUBECONFIG_MISSING']],
      ['allowTTL', '"50"', ['TTL_INVALID']],
      ['allowTTL', '5e1', []],
      ['denyTTL', 'null', []],
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

imagePolicyReports(['PLUGIN_WITHOUT_CONFIGURATION', 'TTL_LONG'], 'X02 the settings under another key', {
  files: { [ADMISSION]: (text) => text.replace('imagePolicy:', 'imagepolicywebhook:') },
});

describe('a file that plugins[].path names', () => {
  const SETTINGS = `imagePolicy: {kubeConfigFile: /etc/kubernetes/kube-image-bouncer/kubeconfig.yaml, allowTTL: 50}\n`;
  const named = (path: string, file: string, text = SETTINGS): NodeChange => ({
    files: {
      [ADMISSION]: (whole) => whole.replace(/ {2}configuration:[^]*/, `  path: ${path}\n`),
      [file]: text,
    },
  });
  imagePolicyReports([], 'the settings in it', named('plugin.yaml', 'plugin.yaml'));
  imagePolicyReports(
    ['PLUGIN_FILE_MISSING'],
    'X03 a name that no file has',
    named('plugin.yml', 'plugin.yaml'),
  );
  imagePolicyReports(
    ['PLUGIN_FILE_UNREADABLE'],
    'X03 a file that is no map',
    named('plugin.yaml', 'plugin.yaml', '[]\n'),
  );

  it('X03 X04 the setting is named with its line and column, and the file that is probably meant', async () => {
    const found = await examineChangedNode('image-policy', named('plugin.yml', 'plugin.yaml'));
    const missing = found.find(({ code }) => code === 'PLUGIN_FILE_MISSING');
    assert.equal(missing?.subject, '/etc/kubernetes/kube-image-bouncer/admission-configuration.yaml:5:5');
    assert.equal(
      missing?.what,
      'path of ImagePolicyWebhook names "plugin.yml"; on the node this is "/etc/kubernetes/kube-image-bouncer/plugin.yml", which does not exist; there is "plugin.yaml" in that folder',
    );
  });
});

describe('X04 a setting that names a missing file', () => {
  const FOLDER = '/etc/kubernetes/kube-image-bouncer';
  const subjectOf = async (change: NodeChange, code: FindingCode): Promise<readonly string[]> =>
    (await examineChangedNode('image-policy', change))
      .filter((one) => one.code === code)
      .map(({ subject, what }) => `${subject} ${what}`);

  it('is named with its line and column, with the path in quotes', async () => {
    const [text] = await subjectOf(
      setting('kubeConfigFile', `${FOLDER}/kubeconfig.yaml.`),
      'GATE_KUBECONFIG_MISSING',
    );
    assert.equal(
      text,
      `${FOLDER}/admission-configuration.yaml:7:9 kubeConfigFile names "${FOLDER}/kubeconfig.yaml.", which does not exist; there is "kubeconfig.yaml" in that folder`,
    );
  });

  it('is named for certificates of the kubeconfig, too', async () => {
    const kubeconfig: NodeChange = {
      files: { 'kubeconfig.yaml': (whole) => whole.replace('pki/ca.crt', 'pki/ca.pem') },
    };
    const [text] = await subjectOf(kubeconfig, 'CA_UNREADABLE');
    assert.match(
      text ?? '',
      /kubeconfig\.yaml:\d+:\d+ certificate-authority names ".*ca\.pem", which does not exist/,
    );
  });
});

test('X03 a file that doctor may not read is not said to be missing', async () => {
  const found = await examineChangedNode('image-policy', {
    unreadable: { 'pki/apiserver-client.key': 'EACCES', 'kubeconfig.yaml': 'EACCES' },
  });
  assert.deepEqual([...new Set(found.map(({ code }) => code))].toSorted(), [
    'IMAGE_VOLUMES_UNSEEN',
    'JOB_PODS_KEPT',
    'NOT_EXAMINED',
  ]);
});

test('X03 a folder in the place of a file is said to be one', async () => {
  const found = await examineChangedNode('image-policy', { unreadable: { 'kubeconfig.yaml': 'EISDIR' } });
  assert.deepEqual(
    found.filter(({ severity }) => severity === 'fault').map(({ code }) => code),
    ['GATE_KUBECONFIG_UNREADABLE'],
  );
});
