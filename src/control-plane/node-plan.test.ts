import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { renderAdmissionConfiguration } from './image-policy-edit.ts';
import { parseApiServerManifest } from './api-server-manifest.ts';
import { FINGERPRINT } from './api-server-wiring.ts';
import { type ApiServerPlanOptions, type NodePlaces, planApiServer, planGate } from './node-plan.ts';

const pair = { certificate: 'CERTIFICATE\n', key: 'KEY\n' };
const gate = { address: '127.0.0.1', port: 1323, healthPort: 1324 };

describe('the plan of a node', () => {
  let root: string;
  let places: NodePlaces;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'node-plan-'));
    places = {
      folder: join(root, 'gate'),
      manifest: join(root, 'kube-apiserver.yaml'),
      gatePod: join(root, 'kube-image-bouncer.yaml'),
      gateUnit: join(root, 'kube-image-bouncer.service'),
    };
    await writeManifest('--enable-admission-plugins=NodeRestriction,PodSecurity');
  });
  afterEach(() => rm(root, { recursive: true }));

  async function writeManifest(flag: string): Promise<void> {
    await writeFile(
      places.manifest,
      `kind: Pod
spec:
  containers:
  - name: kube-apiserver
    command:
    - kube-apiserver
    - ${flag}
    volumeMounts: [{name: admission, mountPath: /etc/admission}]
  volumes: [{name: admission, hostPath: {path: ${join(root, 'admission')}}}]
`,
    );
  }

  function plan(changes: Partial<ApiServerPlanOptions> = {}): ReturnType<typeof planApiServer> {
    return planApiServer({
      places,
      server: 'https://127.0.0.1:1323/image_policy',
      settings: { allowTTL: 50, denyTTL: 10, retryBackoff: 500, defaultAllow: false },
      trust: 'CA',
      kubeadm: 'v1beta4',
      isElsewhere: false,
      distribution: undefined,
      ...changes,
    });
  }

  it('X05 changes no file of a tool that owns the API server, and copies its admission configuration', async () => {
    await writeManifest('--admission-control-config-file=/etc/admission/a.yaml');
    const theirs = join(root, 'admission', 'a.yaml');
    await mkdir(join(root, 'admission'), { recursive: true });
    await writeFile(
      theirs,
      'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: PodSecurity\n',
    );
    const distribution = {
      name: 'rke2',
      title: 'RKE2',
      because: 'b',
      fate: 'f',
      flagFile: undefined,
    } as const;
    const { files, manifest, owner } = await plan({ distribution });
    assert.equal(manifest, undefined);
    assert.deepEqual(
      files.map(({ path }) => path),
      [join(places.folder, 'kubeconfig.yaml'), join(places.folder, 'admission-configuration.yaml')],
    );
    assert.match(files[1]?.content ?? '', /- name: PodSecurity\n- name: ImagePolicyWebhook\n/);
    assert.match(owner?.settings ?? '', /kube-apiserver-extra-mount/);
  });

  describe('a present AdmissionConfiguration', () => {
    it('is found on the node through the volumes, and merged there', async () => {
      await writeManifest('--admission-control-config-file=/etc/admission/a.yaml');
      const file = join(root, 'admission', 'a.yaml');
      await mkdir(join(root, 'admission'));
      await writeFile(
        file,
        'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins: [{name: X}]\n',
      );
      const { files, manifest } = await plan();
      const merged = files.find(({ path }) => path === file);
      assert.match(merged?.content ?? '', /name: X.*name": "ImagePolicyWebhook"/s);
      assert.equal(merged?.mode, undefined, 'it keeps its mode');
      assert.ok(!files.some(({ path }) => path.endsWith('admission-configuration.yaml')));
      const { admissionConfigFile } = parseApiServerManifest(manifest?.content ?? '', 'm');
      assert.equal(admissionConfigFile, '/etc/admission/a.yaml');
    });

    it('is refused if no volume contains it, and if it does not exist', async () => {
      for (const [path, message] of [
        ['/elsewhere/a.yaml', /:7:7: the API server reads \/elsewhere\/a\.yaml, and no hostPath volume/],
        ['relative.yaml', /:7:7: the API server reads relative\.yaml, and no hostPath volume/],
        [
          '/etc/admission/none.yaml',
          /:7:7: the API server reads .*\/admission\/none\.yaml, which does not exist/,
        ],
      ] as const) {
        await writeManifest(`--admission-control-config-file=${path}`);
        await assert.rejects(plan(), { code: 'API_SERVER_MANIFEST_INVALID', message });
      }
    });

    it('is the one of the first run, with later additions of the user', async () => {
      const own = join(places.folder, 'admission-configuration.yaml');
      await mkdir(places.folder);
      const settings = { kubeConfigFile: '/x', allowTTL: 1, denyTTL: 1, retryBackoff: 1, defaultAllow: true };
      await writeFile(own, `# mine\n${renderAdmissionConfiguration(settings)}`);
      const { files } = await plan();
      assert.match(files.find(({ path }) => path === own)?.content ?? '', /^# mine\n[^]*allowTTL: 50\n/);
    });
  });

  it('contains the enabled plugins for kubeadm', async () => {
    const { files } = await plan();
    const { content } =
      files.find(({ path }) => path.endsWith('cluster-configuration.yaml')) ?? assert.fail();
    assert.match(content ?? '', /value: NodeRestriction,PodSecurity,ImagePolicyWebhook\n/);
  });

  it('flip: isElsewhere allows a machine without a manifest', async () => {
    await rm(places.manifest);
    await assert.rejects(plan(), {
      code: 'NODE_FILE_UNREADABLE',
      message: /the manifest of kube-apiserver does not exist/,
    });
    assert.equal((await plan({ isElsewhere: true })).manifest, undefined);
  });

  it('flip: a change of a file that is read at the start restarts the API server', async () => {
    const fingerprintOf = async (
      changes: Partial<ApiServerPlanOptions> = {},
    ): Promise<string | undefined> => {
      const { manifest } = await plan(changes);
      return new RegExp(`${FINGERPRINT}: (\\S+)`).exec(manifest?.content ?? '')?.[1];
    };
    const settings = { allowTTL: 51, denyTTL: 10, retryBackoff: 500, defaultAllow: false };
    const found = await Promise.all([
      fingerprintOf(),
      fingerprintOf({ server: 'https://127.0.0.1:1323/image_policy/warn' }),
      fingerprintOf({ settings }),
      fingerprintOf({ trust: 'another CA' }),
    ]);
    assert.equal(new Set(found).size, 4);
    assert.equal(await fingerprintOf({ kubeadm: 'v1beta3' }), found[0]);
  });

  describe('of the gate', () => {
    const certificates = {
      trust: 'CA\n',
      authorityKey: 'CA KEY\n',
      serving: pair,
      client: pair,
      clientAuthority: undefined,
    };
    const static_ = { kind: 'static-pod', image: 'x' } as const;
    const gatePlan = (changes: Partial<Parameters<typeof planGate>[0]> = {}): ReturnType<typeof planGate> =>
      planGate({ places, gate, runner: static_, certificates, policy: 'p\n', ...changes });
    const named = (files: ReturnType<typeof planGate>, name: string) =>
      files.find(({ path }) => path.endsWith(name));

    it('allows the gate to read only its own key', () => {
      const owners = (files: ReturnType<typeof planGate>): object =>
        Object.fromEntries(
          files.flatMap(({ path, owner, mode, isKey }) =>
            isKey === true ? [[path.slice(places.folder.length), [owner, mode]]] : [],
          ),
        );
      assert.deepEqual(owners(gatePlan()), {
        '/pki/ca.key': [0, 0o600],
        '/pki/tls.key': [65532, 0o600],
        '/pki/apiserver-client.key': [0, 0o600],
      });
      // systemd reads it as root.
      const unit = gatePlan({ runner: { kind: 'systemd', program: '/x' } });
      assert.deepEqual(Object(owners(unit))['/pki/tls.key'], [0, 0o600]);
    });

    it('starts it last, and removes the files of another way to start it', () => {
      assert.equal(gatePlan().at(-1)?.path, places.gatePod);
      assert.equal(named(gatePlan(), '.service')?.content, undefined);
      const none = gatePlan({ runner: { kind: 'none' } });
      assert.deepEqual([named(none, '.service')?.content, none.at(-1)?.content], [undefined, undefined]);
    });

    it('flip: clients can have another authority', () => {
      const files = gatePlan({
        certificates: { ...certificates, authorityKey: undefined, clientAuthority: pair },
      });
      assert.equal(named(files, 'pki/ca.key'), undefined);
      assert.deepEqual(named(files, 'client-ca.key')?.isKey, true);
      assert.match(files.at(-1)?.content ?? '', /--client-ca=\S+\/client-ca\.crt\n/);
    });

    it('flip: contains no unsigned certificates, and no policy that is kept', () => {
      const files = gatePlan({ certificates: undefined, policy: undefined });
      assert.deepEqual(
        files.map(({ path }) => path),
        [places.gateUnit, places.gatePod],
      );
    });
  });
});
