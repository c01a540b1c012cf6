import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeWebhookPlugin } from './webhook-plugin.ts';

const settings = {
  kubeConfigFile: '/gate/webhook-kubeconfig.yaml',
  staticManifestsDir: '/gate/static-webhooks',
};
const merge = (text: string | undefined): string => mergeWebhookPlugin(text, 'a.yaml', settings);

const others = `# ours since 2020
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity   # strict
  path: pod-security.yaml
`;

describe('the plugin of webhooks in an AdmissionConfiguration', () => {
  it('is the only plugin of a new one', () => {
    assert.equal(
      merge(undefined),
      `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: ValidatingAdmissionWebhook
    configuration:
      apiVersion: apiserver.config.k8s.io/v1
      kind: WebhookAdmissionConfiguration
      kubeConfigFile: /gate/webhook-kubeconfig.yaml
      staticManifestsDir: /gate/static-webhooks
`,
    );
  });

  it('is added to other plugins, and their comments and order are kept', () => {
    const merged = merge(others);
    assert.ok(merged.startsWith(others), merged);
    assert.match(merged, /^- name: ValidatingAdmissionWebhook$/m);
    assert.equal(merge(merged), merged, 'a second time nothing changes');
  });

  it('gets the settings of the gate beside other settings, and overwrites none', () => {
    const theirs = `${others}- name: ValidatingAdmissionWebhook
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: WebhookAdmissionConfiguration
    kubeConfigFile: /gate/webhook-kubeconfig.yaml
`;
    assert.match(merge(theirs), /staticManifestsDir: \/gate\/static-webhooks/);
    const another = theirs.replace('/gate/webhook', '/other/webhook');
    assert.throws(() => merge(another), {
      code: 'ADMISSION_CONFIGURATION_INVALID',
      message:
        /^a\.yaml:7:3: kubeConfigFile of ValidatingAdmissionWebhook is already "\/other\/webhook-kubeconfig\.yaml"/,
    });
  });

  it('is refused if it is in another file, or in the old form', () => {
    const elsewhere = `${others}- name: ValidatingAdmissionWebhook\n  path: webhooks.yaml\n`;
    assert.throws(
      () => merge(elsewhere),
      /is configured in webhooks\.yaml \(move the configuration into this file/,
    );
    assert.throws(() => merge('imagePolicy: {kubeConfigFile: /x}\n'), /it has the old form/);
  });
});
