import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { bouncer } from '../support/command-line.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';
import { startGateOnFiles } from './support/gate-on-files.ts';
import { Load } from './support/load.ts';
import { openPodCreator } from './support/pod-creator.ts';
import { scenario, shared } from './support/scenario.ts';
import { makeTemporaryFolder } from './support/temporary-folder.ts';
import { podRules, wireWebhook } from './support/wirings.ts';

const RATE = 30;

/** The CA of the webhook that sends images to the gate. */
async function readBundle({ kubectl }: ControlPlane): Promise<string> {
  const path = '{.webhooks[0].clientConfig.caBundle}';
  const { code, stdout, stderr } = await kubectl([
    'get',
    'validatingwebhookconfiguration',
    'kube-image-bouncer',
    `--output=jsonpath=${path}`,
  ]);
  assert.equal(code, 0, stderr);
  return Buffer.from(stdout, 'base64').toString();
}

describe('certificate rotate --folder with a cluster', () => {
  const controlPlanes = shared(() => startControlPlane({ environment: process.env, version: 'v1.24' }));

  scenario('R11 flip: --webhooks; caBundle follows the folder, and no pod fails', async () => {
    const controlPlane = controlPlanes();
    await using temporary = await makeTemporaryFolder('pki');
    const folder = join(temporary.path, 'pki');
    assert.equal((await bouncer(['certificate', 'create', folder, '--host-names', 'localhost'])).code, 0);
    const [certificate, key, authority] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => join(folder, name));
    await using gate = await startGateOnFiles([`--cert=${certificate}`, `--key=${key}`]);
    const readAuthority = () => readFile(authority ?? '', 'utf8');
    const before = await readAuthority();
    await wireWebhook(controlPlane, {
      url: `https://localhost:${gate.port}/validate`,
      authority: before,
      rules: podRules,
    });
    using pods = await openPodCreator(controlPlane, 20);
    const load = new Load({ call: pods.call, rate: RATE, maxInflight: 50 });
    const args = [
      'certificate',
      'rotate',
      '--folder',
      folder,
      '--authority',
      '--delay',
      '1',
      '--address',
      `localhost:${gate.port}`,
    ];
    const { code, stderr } = await bouncer([...args, '--webhooks', '--kubeconfig', controlPlane.kubeconfig]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual((await load.stop()).failures, []);
    const after = await readAuthority();
    assert.notEqual(after, before);
    assert.equal(await readBundle(controlPlane), after);
    assert.equal((await bouncer([...args, '--kubernetes-version', '1.37'])).code, 0);
    assert.notEqual(await readAuthority(), after);
    assert.equal(await readBundle(controlPlane), after, 'the cluster is unchanged');
  });
});
