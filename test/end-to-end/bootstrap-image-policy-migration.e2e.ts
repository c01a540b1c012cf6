import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import { type EarlierWiring, startNode } from './support/node.ts';
import { assertUndone, assertWired, writePair } from './support/node-wiring.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted } from './support/stage.ts';

const podNodeSelector = 'podNodeSelectorPluginConfig: {clusterDefaultNodeSelector: "env=test"}';

/** The files that the instructions of the Go program create, in the folder that our files use as well. */
async function wireGoProgram(kubernetes: string): Promise<EarlierWiring> {
  const folder = join(kubernetes, 'kube-image-bouncer');
  const { certificate, key } = await writePair(folder, 'webhook.crt', 'apiserver.key');
  const kubeConfigFile = join(folder, 'kube-image-bouncer.yml');
  await writeFile(
    kubeConfigFile,
    `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority: ${certificate}
    server: https://image-bouncer-webhook.default.svc:1323/image_policy
  name: bouncer_webhook
contexts:
- context:
    cluster: bouncer_webhook
    user: api-server
  name: bouncer_validator
current-context: bouncer_validator
preferences: {}
users:
- name: api-server
  user:
    client-certificate: ${certificate}
    client-key:  ${key}
`,
  );
  const configuration = join(folder, 'admission_configuration.json');
  const imagePolicy = { kubeConfigFile, allowTTL: 50, denyTTL: 50, retryBackoff: 500, defaultAllow: false };
  await writeFile(configuration, JSON.stringify({ imagePolicy }, null, 2));
  return {
    flags: [
      '--enable-admission-plugins=ImagePolicyWebhook',
      `--admission-control-config-file=${configuration}`,
    ],
    mounts: [folder],
  };
}

/** The files that the tutorial creates, with another plugin beside ours. */
async function wireTutorial(kubernetes: string): Promise<EarlierWiring> {
  const folder = join(kubernetes, 'image-policy');
  const { certificate, key } = await writePair(folder, 'webhook.pem', 'apiserver-client-key.pem');
  await writeFile(
    join(folder, 'connect_webhook.yaml'),
    `apiVersion: v1
kind: Config
clusters:
- cluster: {certificate-authority: ${certificate}, server: "https://127.0.0.1:1/image_policy"}
  name: bouncer_webhook
contexts:
- {context: {cluster: bouncer_webhook, user: api-server}, name: bouncer_validator}
current-context: bouncer_validator
users:
- {name: api-server, user: {client-certificate: ${certificate}, client-key: ${key}}}
`,
  );
  const configuration = join(folder, 'admission_configuration.yaml');
  await writeFile(
    configuration,
    `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
# nodes by environment
- name: PodNodeSelector
  path: selectors.yaml # beside this file
- name: ImagePolicyWebhook
  configuration:
    imagePolicy:
      kubeConfigFile: ${join(folder, 'connect_webhook.yaml')}
      allowTTL: 50
      denyTTL: 50
      retryBackoff: 500
      defaultAllow: true
`,
  );
  await writeFile(join(folder, 'selectors.yaml'), `${podNodeSelector}\n`);
  return {
    flags: [
      '--enable-admission-plugins=NodeRestriction,PodNodeSelector,ImagePolicyWebhook',
      `--admission-control-config-file=${configuration}`,
    ],
    mounts: [folder],
  };
}

describe('a node that follows the instructions of the Go program, on v1.24', () => {
  const node = shared(() =>
    startNode({ environment: process.env, version: oldestKubernetes, prepare: wireGoProgram }),
  );

  scenario('is wired to the new gate in place, and --undo restores it', async () => {
    const before = await node().tree();
    await assertWired(node());
    const configuration = JSON.parse(
      await readFile(join(node().folder, 'admission_configuration.json'), 'utf8'),
    ) as { imagePolicy: object };
    assert.deepEqual(configuration, {
      imagePolicy: {
        kubeConfigFile: join(node().folder, 'kubeconfig.yaml'),
        allowTTL: 50,
        denyTTL: 10,
        retryBackoff: 500,
        defaultAllow: false,
      },
    });
    await assertUndone(node(), before);
  });
});

describe('a node that follows the tutorial, on v1.37', () => {
  const node = shared(() =>
    startNode({ environment: process.env, version: newestKubernetes, prepare: wireTutorial }),
  );

  scenario('is merged: the other plugin and the comments stay, and --undo restores it', async () => {
    const before = await node().tree();
    await assertWired(node());
    const file = join(node().kubernetes, 'image-policy', 'admission_configuration.yaml');
    const text = await readFile(file, 'utf8');
    assert.match(
      text,
      /^# nodes by environment\n- name: PodNodeSelector\n {2}path: selectors.yaml # beside/m,
    );
    assertAdmitted(await node().kubectl('run', 'placed', '--image=nginx:1.17.1'));
    const { stdout } = await node().kubectl('get', 'pod', 'placed', '--output=jsonpath={.spec.nodeSelector}');
    assert.equal(stdout, '{"env":"test"}');
    await assertUndone(node(), before);
  });
});
