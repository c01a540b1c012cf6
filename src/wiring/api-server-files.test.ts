import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ApiServerFiles,
  followApiServer,
  imagePolicyStage,
  type NodeFileReader,
} from './api-server-files.ts';
import { readWebhookPlugin } from './webhook-plugin-file.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

interface ManifestOptions {
  readonly flag?: string;
  readonly workingDir?: string;
  readonly plugins?: string;
}

/** The container of the API server has the folder /on-node of the node as /seen, and no other folder of the node. */
function manifest({
  flag = '/seen/admission.yaml',
  workingDir,
  plugins = 'ImagePolicyWebhook',
}: ManifestOptions) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kube-apiserver' },
    spec: {
      containers: [
        {
          name: 'kube-apiserver',
          workingDir,
          command: [
            'kube-apiserver',
            `--enable-admission-plugins=${plugins}`,
            `--admission-control-config-file=${flag}`,
          ],
          volumeMounts: [{ name: 'gate', mountPath: '/seen' }],
        },
      ],
      volumes: [{ name: 'gate', hostPath: { path: '/on-node' } }],
    },
  });
}

function admission(...plugins: readonly object[]): string {
  return JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins,
  });
}

const imagePolicy = (kubeConfigFile: string): object => ({
  name: 'ImagePolicyWebhook',
  configuration: { imagePolicy: { kubeConfigFile } },
});

const kubeconfig = (path = '/image_policy'): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'gate', cluster: { server: `https://127.0.0.1:1323${path}` } }],
    contexts: [{ name: 'gate', context: { cluster: 'gate' } }],
    'current-context': 'gate',
  });

function readerOf(files: Readonly<Record<string, string>>): NodeFileReader {
  return {
    open: async (file, parse) => {
      const text = files[file];
      return text === undefined
        ? { state: 'missing', file }
        : { state: 'read', file, value: parse(text, file) };
    },
    exists: async (file) => files[file] !== undefined,
  };
}

function follow(
  files: Readonly<Record<string, string>>,
  options: ManifestOptions = {},
): Promise<ApiServerFiles> {
  return followApiServer(readerOf({ [MANIFEST]: manifest(options), ...files }), MANIFEST);
}

async function kubeconfigOf(...args: Parameters<typeof follow>): Promise<string | undefined> {
  const { kubeconfig: found } = await follow(...args);
  return found && `${found.opened.state} ${found.opened.file}`;
}

describe('the files of an API server', () => {
  it('are found through its volumes', async () => {
    const files = await follow({
      '/on-node/admission.yaml': admission(imagePolicy('/seen/kubeconfig.yaml')),
      '/on-node/kubeconfig.yaml': kubeconfig('/image-policy/audit'),
    });
    assert.equal(files.admission?.file, '/on-node/admission.yaml');
    assert.equal(files.imagePolicy?.file, '/on-node/admission.yaml');
    assert.equal(files.kubeconfig?.opened.state, 'read');
    assert.deepEqual([...files.paths.unmounted], []);
    assert.equal(imagePolicyStage(files), 'audit');
  });

  it('have no stage if the plugin is off', async () => {
    const files = await follow(
      {
        '/on-node/admission.yaml': admission(imagePolicy('/seen/kubeconfig.yaml')),
        '/on-node/kubeconfig.yaml': kubeconfig(),
      },
      { plugins: 'NodeRestriction' },
    );
    assert.equal(imagePolicyStage(files), undefined);
  });

  it('are looked for at the same path of the node if no volume contains them', async () => {
    const files = await follow(
      { '/elsewhere/admission.yaml': admission() },
      { flag: '/elsewhere/admission.yaml' },
    );
    assert.equal(files.admission?.state, 'read');
    assert.deepEqual([...files.paths.unmounted.keys()], ['/elsewhere/admission.yaml']);
  });

  it('the flag begins at the working folder of the API server', async () => {
    const options = { flag: 'conf/admission.yaml', workingDir: '/seen' };
    const files = await follow({ '/on-node/conf/admission.yaml': admission() }, options);
    assert.equal(files.admission?.file, '/on-node/conf/admission.yaml');
    assert.equal(files.admission.state, 'read');
  });

  it('plugins[].path begins at the folder of the AdmissionConfiguration', async () => {
    const files = await follow(
      {
        '/on-node/conf/admission.yaml': admission({ name: 'ImagePolicyWebhook', path: '../plugin.yaml' }),
        '/on-node/plugin.yaml': '{imagePolicy: {kubeConfigFile: /seen/kubeconfig.yaml}}',
        '/on-node/kubeconfig.yaml': kubeconfig(),
      },
      { flag: '/seen/conf/admission.yaml' },
    );
    assert.equal(files.imagePolicy?.file, '/on-node/plugin.yaml');
    assert.equal(files.kubeconfig?.opened.state, 'read');
  });

  it('kubeConfigFile begins at the working folder, and at the folder of the settings if no file is there', async () => {
    const settings = { '/on-node/conf/admission.yaml': admission(imagePolicy('way.yaml')) };
    const [working, beside] = ['/on-node/run/way.yaml', '/on-node/conf/way.yaml'];
    const options = { flag: '/seen/conf/admission.yaml', workingDir: '/seen/run' };
    const both = { [working]: kubeconfig(), [beside]: kubeconfig() };
    assert.equal(await kubeconfigOf({ ...settings, ...both }, options), `read ${working}`);
    assert.equal(await kubeconfigOf({ ...settings, [beside]: kubeconfig() }, options), `read ${beside}`);
    assert.equal(await kubeconfigOf(settings, options), `missing ${beside}`);
    const inRoot = { ...settings, ...both, '/way.yaml': kubeconfig() };
    const noWorkingDir = { flag: '/seen/conf/admission.yaml' };
    assert.equal(await kubeconfigOf(inRoot, noWorkingDir), `read ${beside}`, 'no volume contains /way.yaml');
  });

  it('certificates begin at the folder of the kubeconfig', async () => {
    const { paths } = await follow({});
    assert.deepEqual(paths.locate('pki/ca.crt', '/seen/gate', 'k.yaml:1:1'), {
      seen: '/seen/gate/pki/ca.crt',
      file: '/on-node/gate/pki/ca.crt',
    });
  });

  it('name the configuration of webhooks in the AdmissionConfiguration, or in a file of its own', async () => {
    const name = 'ValidatingAdmissionWebhook';
    const configuration = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'WebhookAdmissionConfiguration',
      staticManifestsDir: '/seen/static',
      kubeConfigFile: '/seen/users.yaml',
    };
    const files = {
      '/on-node/inline.yaml': admission({ name, configuration }),
      '/on-node/absolute.yaml': admission({ name, path: '/seen/plugin.yaml' }),
      '/on-node/relative.yaml': admission({ name, path: 'plugin.yaml' }),
      '/on-node/plugin.yaml': JSON.stringify(configuration),
    };
    for (const [form, holder] of [
      ['inline', '/on-node/inline.yaml'],
      ['absolute', '/on-node/plugin.yaml'],
      ['relative', '/on-node/plugin.yaml'],
    ]) {
      const followed = await follow(files, { flag: `/seen/${form}.yaml` });
      const plugin = await readWebhookPlugin(readerOf(files), followed);
      assert.ok(plugin?.opened.state === 'read', form);
      const { path, staticManifestsDir, kubeConfigFile } = plugin.opened.value;
      assert.equal(path.file, holder, form);
      assert.equal(staticManifestsDir?.value, '/seen/static');
      assert.equal(kubeConfigFile?.value, '/seen/users.yaml');
    }
  });
});
