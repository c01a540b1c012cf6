import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseCertificate, parseCertificates, verifyKeyPair } from '../../src/certificate/inspect.ts';
import { completePki } from '../../src/certificate/pki.ts';
import { AUTHORITY_SECRET, TLS_SECRET } from '../../src/wiring/names.ts';
import { bouncer } from '../support/command-line.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';
import { startGateOnFiles, type GateOnFiles } from './support/gate-on-files.ts';
import { Load } from './support/load.ts';
import { openPodCreator } from './support/pod-creator.ts';
import { scenario, shared } from './support/scenario.ts';
import { makeTemporaryFolder } from './support/temporary-folder.ts';
import { podRules, wireWebhook } from './support/wirings.ts';

const NAMESPACE = 'kube-image-bouncer';
const RATE = 30;

/** The certificates of a gate in the cluster. The files of the gate follow its Secret. */
interface Installed extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly gate: GateOnFiles;
  readonly logTails: () => Promise<string>;
}

async function install(): Promise<Installed> {
  await using parts = new AsyncDisposableStack();
  const controlPlane = parts.use(await startControlPlane({ environment: process.env, version: 'v1.24' }));
  const pki = await completePki({}, { names: ['localhost'], now: () => new Date() });
  await kubectl(controlPlane, ['create', 'namespace', NAMESPACE]);
  await createSecret(controlPlane, TLS_SECRET, {
    'tls.crt': pki.serving.certificate,
    'tls.key': pki.serving.key,
    'ca.crt': pki.trust,
  });
  await createSecret(controlPlane, AUTHORITY_SECRET, {
    'tls.crt': pki.trust,
    'tls.key': pki.authorityKey ?? '',
  });
  const mount = join(parts.use(await makeTemporaryFolder('mount')).path, 'tls');
  await mkdir(mount);
  parts.use(await mountSecret(controlPlane, mount));
  const gate = parts.use(await startGateOnFiles([`--cert=${mount}/tls.crt`, `--key=${mount}/tls.key`]));
  await wireWebhook(controlPlane, {
    url: `https://localhost:${gate.port}/validate`,
    authority: pki.trust,
    rules: podRules,
  });
  const owned = parts.move();
  return {
    controlPlane,
    gate,
    logTails: async () => `${await controlPlane.logTails()}\n--- gate\n${await gate.log()}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function kubectl(
  { kubectl: run }: ControlPlane,
  args: readonly string[],
  stdin?: object,
): Promise<string> {
  const { code, stdout, stderr } = await run(
    args,
    stdin === undefined ? {} : { stdin: JSON.stringify(stdin) },
  );
  assert.equal(code, 0, stderr);
  return stdout;
}

async function createSecret(
  controlPlane: ControlPlane,
  name: string,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  const metadata = { name, namespace: NAMESPACE };
  await kubectl(controlPlane, ['create', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata,
    stringData: texts,
  });
}

async function readSecret(
  controlPlane: ControlPlane,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const secret = await kubectl(controlPlane, [
    'get',
    'secret',
    name,
    `--namespace=${NAMESPACE}`,
    '--output=json',
  ]);
  const { data } = JSON.parse(secret) as { data: Record<string, string> };
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

/** The CA of the webhook that sends images to the gate. */
async function readBundle(controlPlane: ControlPlane): Promise<string> {
  const path = '{.webhooks[0].clientConfig.caBundle}';
  const bundle = await kubectl(controlPlane, [
    'get',
    'validatingwebhookconfiguration',
    'kube-image-bouncer',
    `--output=jsonpath=${path}`,
  ]);
  return Buffer.from(bundle, 'base64').toString();
}

/** Keeps a folder equal to a Secret, as the kubelet does. */
async function mountSecret(controlPlane: ControlPlane, mount: string): Promise<AsyncDisposable> {
  let known = '';
  let version = 0;
  const look = async (): Promise<void> => {
    const texts = await readSecret(controlPlane, TLS_SECRET);
    if (JSON.stringify(texts) === known) return;
    known = JSON.stringify(texts);
    version += 1;
    await mkdir(join(mount, `..${version}`));
    for (const [name, text] of Object.entries(texts))
      await writeFile(join(mount, `..${version}`, name), text);
    await symlink(`..${version}`, join(mount, '..data_tmp'));
    await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    await rm(join(mount, `..${version - 1}`), { recursive: true, force: true });
  };
  await look();
  for (const name of ['tls.crt', 'tls.key', 'ca.crt']) await symlink(join('..data', name), join(mount, name));
  const stop = new AbortController();
  const following = (async () => {
    while (!stop.signal.aborted) {
      await look().catch(() => undefined);
      await sleep(300);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await following;
    },
  };
}

/** Asserts that all places have the same CA and a certificate that it signed. */
async function assertSettled(controlPlane: ControlPlane): Promise<string> {
  const [tls, authority, bundle] = [
    await readSecret(controlPlane, TLS_SECRET),
    await readSecret(controlPlane, AUTHORITY_SECRET),
    await readBundle(controlPlane),
  ];
  const [only, ...others] = parseCertificates(bundle);
  assert.ok(only !== undefined);
  assert.equal(others.length, 0);
  assert.equal(tls['ca.crt'], bundle);
  assert.equal(String(parseCertificate(authority['tls.crt'] ?? '')), String(only));
  const leaf = verifyKeyPair({ certificate: tls['tls.crt'] ?? '', key: tls['tls.key'] ?? '' });
  assert.ok(leaf.verify(only.publicKey));
  return bundle;
}

const program = fileURLToPath(new URL('../../bin/kube-image-bouncer.js', import.meta.url));

describe('certificate rotate in a cluster', () => {
  const installed = shared(install);
  // The kubelet of this test writes a changed Secret to files within a second.
  const rotate = ({ kubeconfig }: ControlPlane) => [
    'certificate',
    'rotate',
    '--delay',
    '2',
    '--kubeconfig',
    kubeconfig,
  ];

  scenario(
    'R11 --authority changes Secrets and caBundle in their order, and no pod fails meanwhile',
    async () => {
      const { controlPlane } = installed();
      const before = await assertSettled(controlPlane);
      using pods = await openPodCreator(controlPlane, 20);
      const load = new Load({ call: pods.call, rate: RATE, maxInflight: 50 });
      const { code, stdout, stderr } = await bouncer([...rotate(controlPlane), '--authority']);
      const { failures, calls } = await load.stop();
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(stdout.match(/^(?:begins|new CA|trust|switch-leaf|drop|done)/gm), [
        'begins',
        'new CA',
        'trust',
        'switch-leaf',
        'drop',
        'done',
      ]);
      assert.notEqual(await assertSettled(controlPlane), before);
      assert.deepEqual(failures, []);
      assert.ok(calls > RATE);
    },
  );

  scenario('without --authority the CA is not changed', async () => {
    const { controlPlane } = installed();
    const [before, secret] = [await assertSettled(controlPlane), await readSecret(controlPlane, TLS_SECRET)];
    assert.equal((await bouncer(rotate(controlPlane))).code, 0);
    assert.equal(await assertSettled(controlPlane), before);
    assert.notEqual((await readSecret(controlPlane, TLS_SECRET))['tls.crt'], secret['tls.crt']);
  });

  scenario('R11 after a kill in the middle, the next run continues', async () => {
    const { controlPlane } = installed();
    const before = await assertSettled(controlPlane);
    const child = spawn(process.execPath, [program, ...rotate(controlPlane), '--authority'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const chunk of child.stdout) if (String(chunk).includes('wait:')) break;
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(parseCertificates(await readBundle(controlPlane)).length, 2, 'both CAs are already trusted');
    const { code, stdout } = await bouncer(rotate(controlPlane));
    assert.equal(code, 0);
    assert.match(stdout, /^an earlier rotation was interrupted; it is finished first\nswitch-leaf: /);
    assert.notEqual(await assertSettled(controlPlane), before);
  });

  scenario('inspect reads the Secret and the certificate that the gate presents', async () => {
    const { controlPlane, gate } = installed();
    const args = ['certificate', 'inspect', `secret/${NAMESPACE}/${TLS_SECRET}`, `localhost:${gate.port}`];
    const { code, stdout, stderr } = await bouncer([...args, '--kubeconfig', controlPlane.kubeconfig]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /kube-image-bouncer-tls tls\.crt\n {2}serving /);
    const gone = await bouncer([
      'certificate',
      'inspect',
      `secret/${NAMESPACE}/none`,
      '--kubeconfig',
      controlPlane.kubeconfig,
    ]);
    assert.equal(gone.code, 2);
    assert.match(gone.stderr, /has no such Secret/);
  });

  scenario('a gate whose clients have certificates of the same CA is not changed', async () => {
    const { controlPlane } = installed();
    const before = await assertSettled(controlPlane);
    await kubectl(
      controlPlane,
      ['create', '--filename=-'],
      deploymentWith('--client-ca=/etc/kube-image-bouncer/tls/ca.crt'),
    );
    const { code, stderr } = await bouncer([...rotate(controlPlane), '--authority']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: the CA of the gate also signed the client certificates on the control-plane nodes/,
    );
    assert.equal(await assertSettled(controlPlane), before);
    await kubectl(controlPlane, ['delete', 'deployment', NAMESPACE, `--namespace=${NAMESPACE}`]);
  });

  scenario('flip: --namespace and --context select the certificates', async () => {
    const { controlPlane } = installed();
    const before = await readSecret(controlPlane, TLS_SECRET);
    const elsewhere = await bouncer([...rotate(controlPlane), '--namespace', 'elsewhere']);
    assert.equal(elsewhere.code, 2);
    assert.match(elsewhere.stderr, /^error: the key of the authority is not stored here/);
    const inspect = [
      'certificate',
      'inspect',
      `secret/${NAMESPACE}/${TLS_SECRET}`,
      '--kubeconfig',
      controlPlane.kubeconfig,
    ];
    for (const args of [rotate(controlPlane), inspect]) {
      const { code, stderr } = await bouncer([...args, '--context', 'absent']);
      assert.equal(code, 2);
      assert.match(stderr, /absent/);
    }
    assert.deepEqual(await readSecret(controlPlane, TLS_SECRET), before);
  });

  scenario('if the gate does not answer, nothing is changed', async () => {
    const { controlPlane, gate } = installed();
    const before = await readSecret(controlPlane, TLS_SECRET);
    await gate[Symbol.asyncDispose]();
    const { code, stderr } = await bouncer([...rotate(controlPlane), '--authority', '--canary-timeout', '0']);
    assert.equal(code, 1);
    assert.match(stderr, /^the rotation stopped because the canary does not pass: .*failed calling webhook/);
    assert.deepEqual(await readSecret(controlPlane, TLS_SECRET), before);
  });
});

function deploymentWith(argument: string): object {
  const labels = { app: 'gate' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAMESPACE, namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'gate', image: 'gate:1.0.0', args: [argument] }] },
      },
    },
  };
}
