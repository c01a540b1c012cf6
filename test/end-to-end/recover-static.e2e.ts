import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { createAuthority, type Authority } from '../../src/certificate/authority.ts';
import { renderYaml } from '../../src/document/render.ts';
import { parseKubernetesVersion } from '../../src/kubernetes/version.ts';
import { parsePolicy } from '../../src/policy-source/load.ts';
import { renderStaticConfiguration } from '../../src/webhook/configuration.ts';
import { newestKubernetes } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';
import { backupOf, podOf, recover, tryCreate, untilLocked, untilOpen } from './support/lock-outs.ts';
import { noLatestPolicy } from './support/objects.ts';
import { scenario, shared } from './support/scenario.ts';
import { startForeignWebhook, type ForeignWebhook } from './support/foreign-webhook.ts';
import { makeTemporaryFolder } from './support/temporary-folder.ts';

const silent = 'failed calling webhook "images.kube-image-bouncer.io"';

/** A control plane that loads our webhook from a file. No gate answers. */
interface Scene extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly manifests: string;
  readonly file: string;
  readonly authority: Authority;
  readonly foreignWebhook: ForeignWebhook;
  readonly logTails: () => Promise<string>;
}

async function openScene(): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  const manifests = join(parts.use(await makeTemporaryFolder('static')).path, 'webhooks');
  await mkdir(manifests);
  const file = join(manifests, 'kube-image-bouncer.yaml');
  const validity = { notBefore: new Date(Date.now() - 60_000), days: 1 };
  const authority = await createAuthority({ commonName: 'static tests', ...validity });
  const foreignWebhook = parts.use(await startForeignWebhook(authority, validity));
  await writeFile(file, await renderStatic(authority));
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'WebhookAdmissionConfiguration',
    staticManifestsDir: manifests,
  };
  const apiServer = {
    admissionConfiguration: {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AdmissionConfiguration',
      plugins: [{ name: 'ValidatingAdmissionWebhook', configuration }],
    },
  };
  const controlPlane = parts.use(
    await startControlPlane({ environment: process.env, version: newestKubernetes, apiServer }),
  );
  const owned = parts.move();
  return {
    controlPlane,
    manifests,
    file,
    authority,
    foreignWebhook,
    logTails: () => controlPlane.logTails(),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function renderStatic(authority: Authority): Promise<string> {
  const configuration = renderStaticConfiguration({
    address: { form: 'url', origin: 'https://127.0.0.1:1' },
    policy: await parsePolicy(noLatestPolicy, 'policy.yaml'),
    stage: 'deny',
    kubeSystem: 'deny',
    exemptNamespaces: [],
    timeoutSeconds: 5,
    version: parseKubernetesVersion('v1.37') ?? assert.fail(),
    trust: authority.certificate,
  });
  return `# Written by the platform team.\n${renderYaml(configuration)}`;
}

describe('recover, where the API server loads the webhook from a file', () => {
  const scene = shared(openScene);
  const controlPlane = (): ControlPlane => scene().controlPlane;
  const fromFiles = (): string => `--static-manifests=${scene().manifests}`;

  scenario('kubectl cannot list the blocking webhook, and recover names its file', async () => {
    await untilLocked(controlPlane(), 'kube-system', silent);
    const { stdout } = await controlPlane().kubectl([
      'get',
      'validatingwebhookconfigurations',
      '--output=name',
    ]);
    assert.equal(stdout, '');
    const taken = await recover(controlPlane(), '--yes');
    assert.equal(taken.code, 1);
    assert.match(
      taken.stdout,
      /it comes from a file: run this command as root on the control-plane node, with --static-manifests/,
    );
  });

  scenario('no gate runs: recover excludes only the system namespaces in the file', async () => {
    const before = await readFile(scene().file, 'utf8');
    const explained = await recover(controlPlane(), fromFiles());
    assert.equal(explained.code, 1);
    assert.match(
      explained.stdout,
      /webhook images\.kube-image-bouncer\.io of \/.*\.yaml \(loaded from a file, failurePolicy Fail/,
    );
    assert.match(explained.stdout, /1\. narrow: excludes kube-system/);
    assert.equal(await readFile(scene().file, 'utf8'), before, 'explaining changes nothing');

    const taken = await recover(controlPlane(), '--yes', fromFiles());
    assert.equal(taken.code, 0, taken.stdout + taken.stderr);
    await untilOpen(controlPlane(), 'kube-system');
    await untilLocked(controlPlane(), 'default', silent);
    const after = await readFile(scene().file, 'utf8');
    assert.match(after, /^# Written by the platform team\.\n/);
    assert.match(after, /failurePolicy: Fail/);

    const undone = await recover(controlPlane(), '--undo', backupOf(taken));
    assert.equal(undone.code, 0, undone.stderr);
    assert.equal(await readFile(scene().file, 'utf8'), before);
    await untilLocked(controlPlane(), 'kube-system', silent);
  });

  scenario('default must work as well: recover sets failurePolicy Ignore in the file', async () => {
    const before = await readFile(scene().file, 'utf8');
    const taken = await recover(controlPlane(), '--yes', '--until=default', fromFiles());
    assert.equal(taken.code, 0, taken.stdout + taken.stderr);
    assert.equal((await tryCreate(controlPlane(), 'default', podOf('web', 'nginx'))).code, 0);
    assert.match(await readFile(scene().file, 'utf8'), /failurePolicy: Ignore/);
    assert.equal((await recover(controlPlane(), '--undo', backupOf(taken))).code, 0);
    assert.equal(await readFile(scene().file, 'utf8'), before);
    await untilLocked(controlPlane(), 'default', silent);
  });

  scenario('flip: --wait limits the wait for a file that no API server reads', async () => {
    await using elsewhere = await makeTemporaryFolder('unread');
    const copy = join(elsewhere.path, 'kube-image-bouncer.yaml');
    await writeFile(copy, await readFile(scene().file));
    const options = ['--until=default', '--wait=1', `--static-manifests=${elsewhere.path}`];
    const begun = performance.now();
    const taken = await recover(controlPlane(), '--yes', ...options);
    assert.equal(taken.code, 1, taken.stdout);
    assert.ok(performance.now() - begun < 60_000, 'the default would be three minutes');
    assert.match(taken.stdout, /The API server has not applied the change within 1 s/);
    assert.match(await readFile(copy, 'utf8'), /failurePolicy: Fail/, 'no further step was made');
    assert.equal((await recover(controlPlane(), '--undo', backupOf(taken))).code, 0);
    assert.deepEqual(await readFile(copy), await readFile(scene().file));
  });

  scenario(
    'a foreign webhook that refuses everything: its file is removed, and --undo restores it',
    async () => {
      const [before, { mode }] = [await readFile(scene().file, 'utf8'), await stat(scene().file)];
      const stranger = before
        .replace('https://127.0.0.1:1/validate', `${scene().foreignWebhook.url}/elsewhere`)
        .replace(
          /caBundle: .*/,
          `caBundle: ${Buffer.from(scene().authority.certificate).toString('base64')}`,
        );
      await writeFile(scene().file, stranger);
      await untilLocked(controlPlane(), 'default', 'denied the request');
      const options = ['--until=default', '--image=nginx:1.17.1', fromFiles()];
      const taken = await recover(controlPlane(), '--yes', ...options);
      assert.equal(taken.code, 0, taken.stdout);
      assert.deepEqual(await readdir(scene().manifests), []);
      await untilOpen(controlPlane(), 'default');
      assert.equal((await recover(controlPlane(), '--undo', backupOf(taken))).code, 0);
      assert.deepEqual(
        [await readFile(scene().file, 'utf8'), (await stat(scene().file)).mode],
        [stranger, mode],
      );
      await untilLocked(controlPlane(), 'default', 'denied the request');
      await writeFile(scene().file, before);
      await untilLocked(controlPlane(), 'default', silent);
    },
  );

  scenario('an undo stops if the file was changed after the recovery', async () => {
    const before = await readFile(scene().file, 'utf8');
    const taken = await recover(controlPlane(), '--yes', fromFiles());
    await writeFile(scene().file, `# touched\n${await readFile(scene().file, 'utf8')}`);
    const stopped = await recover(controlPlane(), '--undo', backupOf(taken));
    assert.equal(stopped.code, 2);
    assert.match(stopped.stderr, /kube-image-bouncer\.yaml has been changed since the recovery/);
    assert.equal((await recover(controlPlane(), '--undo', backupOf(taken), '--yes')).code, 0);
    assert.equal(await readFile(scene().file, 'utf8'), before);
    assert.deepEqual(await readdir(scene().manifests), ['kube-image-bouncer.yaml']);
  });
});
