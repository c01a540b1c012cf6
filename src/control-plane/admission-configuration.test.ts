import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAdmissionConfiguration, parseImagePolicyFile } from './admission-configuration.ts';
import { mergeImagePolicy, renderAdmissionConfiguration } from './image-policy-edit.ts';
import type { ImagePolicySettings } from './image-policy-settings.ts';

const settings: ImagePolicySettings = {
  kubeConfigFile: '/gate/kubeconfig.yaml',
  allowTTL: 50,
  denyTTL: 10,
  retryBackoff: 500,
  defaultAllow: false,
};

const WITH_OTHERS = `# of the platform team
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
# limits
- name: EventRateLimit
  path: limits.yaml   # beside this file
- name: PodSecurity
  configuration:
    defaults: {enforce: baseline}
`;

function valuesOf(text: string): Readonly<Record<string, unknown>> {
  const { imagePolicy } = parseAdmissionConfiguration(text, 'a.yaml');
  assert.ok(imagePolicy !== undefined, 'no settings');
  return Object.fromEntries(Object.entries(imagePolicy).map(([key, written]) => [key, written?.value]));
}

describe('a new admission configuration', () => {
  it('is read as it was written, in a form that all versions accept', () => {
    const text = renderAdmissionConfiguration(settings);
    assert.deepEqual(valuesOf(text), settings);
    assert.match(text, /^apiVersion: apiserver\.config\.k8s\.io\/v1\nkind: AdmissionConfiguration\n/);
  });

  for (const [key, value] of Object.entries({
    kubeConfigFile: '/other',
    allowTTL: -1,
    denyTTL: 1800,
    retryBackoff: 1,
    defaultAllow: true,
  })) {
    it(`flip: ${key}`, () =>
      assert.deepEqual(valuesOf(renderAdmissionConfiguration({ ...settings, [key]: value })), {
        ...settings,
        [key]: value,
      }));
  }
});

describe('ImagePolicyWebhook is merged into', () => {
  it('a configuration of other plugins, after them, and every line is kept', () => {
    const merged = mergeImagePolicy(WITH_OTHERS, 'a.yaml', settings);
    assert.ok(merged.startsWith(WITH_OTHERS));
    assert.deepEqual(valuesOf(merged), settings);
    assert.equal(mergeImagePolicy(merged, 'a.yaml', settings), merged, 'twice');
  });

  it('existing settings, in their order and with their comments', () => {
    const text = `apiVersion: apiserver.k8s.io/v1alpha1
kind: AdmissionConfiguration
plugins:
- name: ImagePolicyWebhook
  configuration:
    imagePolicy:
      defaultAllow: true # for now
      kubeconfigfile: /old
      allowttl: 30s
`;
    assert.equal(
      mergeImagePolicy(text, 'a.yaml', settings),
      text
        .replace('true # for now', 'false # for now')
        .replace('/old', '/gate/kubeconfig.yaml')
        .replace('allowttl: 30s\n', 'allowttl: 50\n      denyTTL: 10\n      retryBackoff: 500\n'),
    );
  });

  it('the bare form of the Go program, in JSON', () => {
    const imagePolicy = {
      kubeConfigFile: '/old',
      allowTTL: 50,
      denyTTL: 50,
      retryBackoff: 500,
      defaultAllow: false,
    };
    const merged = mergeImagePolicy(JSON.stringify({ imagePolicy }, null, 2), 'a.json', settings);
    assert.deepEqual(JSON.parse(merged), { imagePolicy: settings });
  });

  it('the bare form in YAML, and its other keys are kept', () => {
    const text = 'podNodeSelectorPluginConfig: {a: b}\nimagePolicy:\n  kubeConfigFile: /old\n';
    const merged = mergeImagePolicy(text, 'a.yaml', settings);
    assert.deepEqual(valuesOf(merged), settings);
    assert.match(merged, /^podNodeSelectorPluginConfig: \{a: b\}\n/);
  });

  it('a plugin with settings in another file: they are moved here', () => {
    const text = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: ImagePolicyWebhook
  path: imagepolicy.yaml
- name: Other
`;
    const { imagePolicyFile, imagePolicy } = parseAdmissionConfiguration(text, 'a.yaml');
    assert.deepEqual(imagePolicyFile, { value: 'imagepolicy.yaml', position: '5:3' });
    assert.equal(imagePolicy, undefined);
    const merged = mergeImagePolicy(text, 'a.yaml', settings);
    assert.deepEqual(valuesOf(merged), settings);
    assert.equal(parseAdmissionConfiguration(merged, 'a.yaml').plugins[0]?.file, undefined);
  });

  for (const [title, plugins] of Object.entries({ 'an empty list': 'plugins: []\n', 'no list': '' })) {
    it(`a configuration with ${title}`, () => {
      const text = `apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n${plugins}`;
      assert.deepEqual(valuesOf(mergeImagePolicy(text, 'a.yaml', settings)), settings);
    });
  }
});

describe('X02 an edit that cannot be safe is refused at its place, and nothing is changed', () => {
  const PLUGIN = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: ImagePolicyWebhook
  configuration:
`;
  const table: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
    'comments in JSON': [
      '{\n  "imagePolicy": {\n    // seconds\n    "allowTTL": 50\n  }\n}\n',
      /^a\.yaml:3:5: .*JSON has no comments/,
    ],
    'a plugin in other letters': [
      PLUGIN.replace('Webhook', 'WebHook'),
      /^a\.yaml:4:3: it names the plugin "ImagePolicyWebHook" \(write ImagePolicyWebhook\)/,
    ],
    'the settings under another key': [
      `${PLUGIN}    imagepolicywebhook: {allowTTL: 50}\n`,
      /^a\.yaml:6:5: the plugin looks for the key imagePolicy here, and finds "imagepolicywebhook"/,
    ],
    'a setting twice in other letters': [
      `${PLUGIN}    imagePolicy:\n      allowTTL: 50\n      allowttl: 60\n`,
      /^a\.yaml:8:7: allowttl is here a second time/,
    ],
    'a key that the API server does not know': [
      `${PLUGIN}    imagePolicy: {}\n  configuraton: {}\n`,
      /^a\.yaml:7:3: the API server knows no key "configuraton" here/,
    ],
  };
  for (const [title, [text, message]] of Object.entries(table))
    it(title, () => assert.throws(() => mergeImagePolicy(text, 'a.yaml', settings), { message }));
});

describe('X02 settings are read as the plugin reads them', () => {
  const read = (lines: string): ReturnType<typeof valuesOf> => valuesOf(`imagePolicy:\n${lines}`);
  it('words of YAML 1.1 are true and false', () => {
    assert.equal(read('  defaultAllow: yes\n')['defaultAllow'], true);
    assert.equal(read('  defaultAllow: "yes"\n')['defaultAllow'], 'yes');
  });
  it('numbers have any base', () => assert.equal(read('  allowTTL: 010\n')['allowTTL'], 8));
  it('of two spellings the later one in the order of their letters counts', () =>
    assert.equal(read('  allowttl: 1\n  allowTTL: 2\n')['allowTTL'], 1));
  it('a file that plugins[].path names may have comments in JSON', () => {
    const { allowTTL } = parseImagePolicyFile('{"imagePolicy": {"allowTTL": 5 # s\n}}', 'p.json');
    assert.equal(allowTTL?.value, 5);
  });
});

describe('values are returned with their places', () => {
  it('of any type', () => {
    const { imagePolicy } = parseAdmissionConfiguration('imagePolicy:\n  allowTTL: 30s\n', 'a.yaml');
    assert.deepEqual(imagePolicy?.allowTTL, {
      value: '30s',
      path: ['imagePolicy', 'allowTTL'],
      position: '2:3',
    });
    assert.equal(imagePolicy.denyTTL, undefined);
  });
});

describe('an invalid admission configuration is refused with its place', () => {
  const table: Readonly<Record<string, readonly [string, RegExp]>> = {
    'another kind': ['apiVersion: v1\nkind: Pod\n', /^a\.yaml:2:1: it is not an AdmissionConfiguration$/],
    'another version': [
      'apiVersion: apiserver.config.k8s.io/v9\nkind: AdmissionConfiguration\n',
      /^a\.yaml:1:1: apiVersion "apiserver\.config\.k8s\.io\/v9" is not supported by the API server/,
    ],
    nothing: ['# nothing\n', /^a\.yaml:1:1: it is empty$/],
  };
  for (const [title, [text, message]] of Object.entries(table)) {
    it(title, () =>
      assert.throws(() => parseAdmissionConfiguration(text, 'a.yaml'), {
        code: 'ADMISSION_CONFIGURATION_INVALID',
        message,
      }),
    );
  }
});
