import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  mergeImagePolicy,
  parseAdmissionConfiguration,
  renderAdmissionConfiguration,
} from './admission-configuration.ts';
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
    assert.deepEqual([imagePolicyFile, imagePolicy], ['imagepolicy.yaml', undefined]);
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
    'two documents': ['a: 1\n---\nb: 1\n', /^a\.yaml:3:1: a second document/],
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
