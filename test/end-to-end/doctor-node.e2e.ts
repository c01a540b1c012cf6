import assert from 'node:assert/strict';
import { chmod, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe } from 'node:test';
import { createAuthority } from '../../src/certificate/authority.ts';
import type { FindingCode } from '../../src/diagnosis/finding.ts';
import { runDoctor, type DoctorAnswer } from './support/doctor-cluster.ts';
import { aboveNotes } from './support/doctor-verdict.ts';
import { assertWired, image as IMAGE } from './support/node-wiring.ts';
import { startNode, type Node } from './support/node.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted } from './support/stage.ts';

/** A fault in a file of a wired node, and all findings above a note that doctor then reports. */
interface FileFault {
  readonly title: string;
  /** Path below the gate's folder. */
  readonly file: string;
  /** `undefined` deletes the file. */
  readonly change: (text: string, node: Node) => string | undefined | Promise<string>;
  readonly codes: readonly FindingCode[];
}

const ADMISSION = 'admission-configuration.yaml';
const KUBECONFIG = 'kubeconfig.yaml';

const replace =
  (from: string | RegExp, to: string) =>
  (text: string): string => {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${String(from)} is in the file`);
    return changed;
  };

const gone = (): undefined => undefined;

async function otherCertificate(): Promise<string> {
  return (await createAuthority({ commonName: 'stranger', notBefore: new Date(), days: 30 })).certificate;
}

/** An expired certificate for the same key, signed by another authority. */
async function endedCertificate(_: string, { folder }: Node): Promise<string> {
  const notBefore = new Date(Date.now() - 40 * 86_400_000);
  const authority = await createAuthority({ commonName: 'late', notBefore, days: 365 });
  const key = await readFile(join(folder, 'pki/apiserver-client.key'), 'utf8');
  const { certificate } = await authority.issueClient({
    commonName: 'kube-apiserver',
    notBefore,
    days: 30,
    key,
  });
  return certificate;
}

const FILE_FAULTS: readonly FileFault[] = [
  {
    title: 'no admission configuration',
    file: ADMISSION,
    change: gone,
    codes: ['ADMISSION_CONFIGURATION_MISSING'],
  },
  {
    title: 'a file that is not an admission configuration',
    file: ADMISSION,
    change: replace('kind: AdmissionConfiguration', 'kind: Admission'),
    codes: ['ADMISSION_CONFIGURATION_UNREADABLE'],
  },
  {
    title: 'an admission configuration that is not YAML',
    file: ADMISSION,
    change: () => 'plugins: [',
    codes: ['ADMISSION_CONFIGURATION_UNREADABLE'],
  },
  {
    title: 'an admission configuration without the plugin',
    file: ADMISSION,
    change: replace('name: ImagePolicyWebhook', 'name: EventRateLimit'),
    codes: ['PLUGIN_WITHOUT_CONFIGURATION'],
  },
  {
    title: 'a time to live with a unit',
    file: ADMISSION,
    change: replace(/allowTTL: \d+/, 'allowTTL: 30s'),
    codes: ['TTL_INVALID'],
  },
  {
    title: 'a time to live out of range',
    file: ADMISSION,
    change: replace(/denyTTL: \d+/, 'denyTTL: 3600'),
    codes: ['TTL_INVALID'],
  },
  {
    title: 'a time to live of half an hour',
    file: ADMISSION,
    change: replace(/allowTTL: \d+/, 'allowTTL: 1800'),
    codes: ['TTL_LONG'],
  },
  {
    title: 'defaultAllow at stage deny',
    file: ADMISSION,
    change: replace('defaultAllow: false', 'defaultAllow: true'),
    codes: ['DEFAULT_ALLOW'],
  },
  {
    title: 'a relative path to the kubeconfig',
    file: ADMISSION,
    change: replace(/kubeConfigFile: .*/, 'kubeConfigFile: kubeconfig.yaml'),
    codes: ['GATE_KUBECONFIG_RELATIVE'],
  },
  { title: 'no kubeconfig', file: KUBECONFIG, change: gone, codes: ['GATE_KUBECONFIG_MISSING'] },
  {
    title: 'a file that is not a kubeconfig',
    file: KUBECONFIG,
    change: () => 'kind: Pod\n',
    codes: ['GATE_KUBECONFIG_UNREADABLE'],
  },
  {
    title: 'a kubeconfig without a current context',
    file: KUBECONFIG,
    change: replace(/current-context: .*/, ''),
    codes: ['GATE_KUBECONFIG_CONTEXT'],
  },
  {
    title: 'a kubeconfig with a plain HTTP address',
    file: KUBECONFIG,
    change: replace('server: https://', 'server: http://'),
    codes: ['GATE_NOT_HTTPS'],
  },
  {
    title: 'a kubeconfig that skips the verification of the certificate',
    file: KUBECONFIG,
    change: replace(/certificate-authority: .*/, 'insecure-skip-tls-verify: true'),
    codes: ['GATE_UNVERIFIED'],
  },
  {
    title: 'a path that the gate does not serve',
    file: KUBECONFIG,
    change: replace('/image_policy', '/images'),
    codes: ['GATE_PATH_UNKNOWN'],
  },
  { title: 'no CA', file: 'pki/ca.crt', change: gone, codes: ['CA_UNREADABLE'] },
  {
    title: 'a CA file without a certificate',
    file: 'pki/ca.crt',
    change: () => 'x\n',
    codes: ['CA_UNREADABLE'],
  },
  {
    title: 'a CA that did not sign the serving certificate',
    file: 'pki/ca.crt',
    change: otherCertificate,
    codes: ['CA_MISMATCH', 'CLIENT_CERTIFICATE_REFUSED'],
  },
  {
    title: 'a client certificate that does not belong to the key',
    file: 'pki/apiserver-client.crt',
    change: otherCertificate,
    codes: ['CLIENT_PAIR_UNUSABLE'],
  },
  {
    title: 'a client key file that does not exist',
    file: 'pki/apiserver-client.key',
    change: gone,
    codes: ['CLIENT_PAIR_UNUSABLE'],
  },
  {
    title: 'an expired client certificate',
    file: 'pki/apiserver-client.crt',
    change: endedCertificate,
    codes: ['CLIENT_CERTIFICATE_EXPIRED', 'CLIENT_CERTIFICATE_REFUSED'],
  },
  {
    title: 'a policy that cannot be loaded',
    file: 'policy.yaml',
    change: () => 'kind: Nothing\n',
    codes: ['POLICY_NOT_LOADABLE'],
  },
];

describe('doctor, on a node with ImagePolicyWebhook', () => {
  const node = shared(async () => {
    const started = await startNode({ environment: process.env, version: 'v1.37' });
    await assertWired(started);
    return started;
  });

  const doctor = (...args: readonly string[]): Promise<DoctorAnswer> =>
    runDoctor(undefined, [`--manifest=${node().manifest}`, `--folder=${node().folder}`, ...args]);

  scenario('a healthy node has nothing above a note, and enforces', async () => {
    const cluster = [`--kubeconfig=${node().kubeconfig}`, '--good-image=nginx:1.17.1'];
    const { code, findings, proofs } = await doctor(...cluster);
    assert.deepEqual(aboveNotes({ findings }), []);
    assert.equal(code, 0);
    assert.match(
      proofs.join(),
      /CANARY was refused \(ImagePolicyWebhook\),a pod with image nginx:1\.17\.1 was admitted/,
    );
    const notes = findings.map((one) => one.code).toSorted();
    assert.deepEqual(notes, ['IMAGE_VOLUMES_UNSEEN', 'JOB_PODS_KEPT', 'TEMPLATES_UNSEEN']);
  });

  for (const { title, file, change, codes } of FILE_FAULTS) {
    scenario(`finds ${title}`, async () => {
      const path = join(node().folder, file);
      const kept = `${path}.kept`;
      await cp(path, kept, { preserveTimestamps: true });
      try {
        const changed = await change(await readFile(path, 'utf8'), node());
        await (changed === undefined ? rm(path) : writeFile(path, changed));
        const { code, findings } = await doctor();
        assert.deepEqual(aboveNotes({ findings }), codes, JSON.stringify(findings, null, 2));
        assert.equal(code, 1);
      } finally {
        await cp(kept, path, { preserveTimestamps: true });
        await rm(kept);
      }
    });
  }

  scenario('finds keys that other users may read', async () => {
    const key = join(node().folder, 'pki/apiserver-client.key');
    await chmod(key, 0o644);
    const { findings } = await doctor();
    await chmod(key, 0o600);
    assert.deepEqual(aboveNotes({ findings }), ['KEY_READABLE']);
  });

  /** A changed manifest in a folder that no kubelet watches. */
  const withManifest = async (
    change: (text: string) => string,
    besides: readonly string[] = [],
    args: readonly string[] = [],
  ): Promise<DoctorAnswer> => {
    const folder = join(dirname(node().kubernetes), 'elsewhere');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const manifest = join(folder, 'kube-apiserver.yaml');
    await writeFile(manifest, change(await readFile(node().manifest, 'utf8')));
    for (const name of besides) await copyFile(manifest, join(folder, name));
    return runDoctor(undefined, [`--manifest=${manifest}`, `--folder=${node().folder}`, ...args]);
  };

  const lostPlugin = replace(/--enable-admission-plugins=.*/, '--enable-admission-plugins=NodeRestriction');
  const lostConfiguration = replace(/ *- --admission-control-config-file=.*\n/, '');

  const MANIFEST_FAULTS: readonly {
    readonly title: string;
    readonly change: (text: string) => string;
    readonly besides?: readonly string[];
    readonly codes: readonly FindingCode[];
  }[] = [
    {
      title: 'a manifest that kubeadm has overwritten',
      change: (text) => lostConfiguration(lostPlugin(text)),
      codes: ['MANIFEST_LOST_FLAGS'],
    },
    {
      title: 'a plugin without its configuration',
      change: lostConfiguration,
      codes: ['PLUGIN_WITHOUT_CONFIGURATION'],
    },
    {
      title: 'a configuration of a plugin that is not enabled',
      change: lostPlugin,
      codes: ['CONFIGURATION_WITHOUT_PLUGIN'],
    },
    {
      title: 'a plugin that is both enabled and disabled',
      change: replace(
        '- --admission-control-config-file',
        '- --disable-admission-plugins=ImagePolicyWebhook\n    - --admission-control-config-file',
      ),
      codes: ['PLUGIN_DISABLED'],
    },
    {
      title: 'files that no volume mounts',
      change: (text) => text.replaceAll(/mountPath: .*kube-image-bouncer$/gm, 'mountPath: /elsewhere'),
      codes: ['MOUNT_MISSING'],
    },
    {
      title: 'a manifest that is not a pod',
      change: () => 'kind: Nothing\n',
      codes: ['MANIFEST_UNREADABLE'],
    },
    {
      title: 'a backup of the manifest that the kubelet runs as well',
      change: (text) => text,
      besides: ['kube-apiserver.yaml.bak'],
      codes: ['BACKUP_IN_MANIFESTS'],
    },
  ];
  for (const { title, change, besides, codes } of MANIFEST_FAULTS) {
    scenario(`finds ${title}`, async () => {
      const { code, findings } = await withManifest(change, besides);
      assert.deepEqual(aboveNotes({ findings }), codes, JSON.stringify(findings, null, 2));
      assert.equal(code, 1);
    });
  }

  scenario('reports the versions that send no ephemeral containers', async () => {
    for (const [version, reported] of Object.entries({ '1.24.14': true, '1.24.15': false, '1.27': false })) {
      const { findings } = await withManifest((text) => text, [], [`--kubernetes-version=${version}`]);
      assert.equal(
        findings.some(({ code }) => code === 'EPHEMERAL_CONTAINERS_UNSEEN'),
        reported,
        version,
      );
    }
  });

  scenario('reports that nothing is wired, and that files of the gate are missing', async () => {
    const empty = join(dirname(node().kubernetes), 'empty');
    const { findings } = await withManifest(
      (text) => lostConfiguration(lostPlugin(text)),
      ['kube-image-bouncer.yaml'],
      [`--folder=${empty}`],
    );
    // The file beside the manifest is a copy of it under the name of the gate's pod.
    assert.deepEqual(aboveNotes({ findings }), ['BACKUP_IN_MANIFESTS', 'LEFTOVER_FILES', 'NO_WIRING']);
  });

  // This is the last test, because it changes the stage of the wiring.
  scenario('reads the stage from the files of the node', async () => {
    assertAdmitted(
      await node().bootstrap(
        IMAGE,
        '--apply',
        '--stage=warn',
        `--kubeconfig=${node().kubeconfig}`,
        '--timeout=60',
      ),
    );
    const cluster = [`--kubeconfig=${node().kubeconfig}`, '--good-image=nginx:1.17.1'];
    const alone = await runDoctor(undefined, cluster);
    assert.deepEqual(aboveNotes(alone), ['NO_WIRING']);
    const { code, findings, enforcing } = await doctor(...cluster);
    assert.deepEqual(aboveNotes({ findings }), [], JSON.stringify(findings, null, 2));
    assert.ok(findings.some((one) => one.code === 'BELOW_DENY'));
    assert.deepEqual([code, enforcing], [0, false]);
  });
});
