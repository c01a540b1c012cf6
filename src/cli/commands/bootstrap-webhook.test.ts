import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bouncer, folderOf, type Folder } from '#test/command-line.ts';
import { createAuthority, type Authority } from '../../certificate/authority.ts';
import { parseDocuments } from '../../document/yaml.ts';
import type { Webhook } from '../../webhook/configuration.ts';

const image = 'registry.example.com/gate:1';
const url = '--url=https://gate.example.com:1323';

const narrowPolicy = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: narrow}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-latest
    match: {resources: [pods, rollouts.argoproj.io, gadgets.example.com]}
    disallowedTags: {tags: [latest]}
`;

/** The printed objects as JSON text, and their webhooks. */
interface Printed {
  readonly text: string;
  readonly stderr: string;
  readonly webhooks: readonly Webhook[];
  readonly kinds: readonly string[];
}

describe('bootstrap webhook', () => {
  let folder: Folder;
  let authority: Authority;
  before(async () => {
    authority = await createAuthority({
      commonName: 'test',
      notBefore: new Date(Date.now() - 60_000),
      days: 2,
    });
    folder = await folderOf({
      'ca.crt': authority.certificate,
      'ca.key': authority.key,
      'narrow.yaml': narrowPolicy,
      'state/kube-image-bouncer/ca.crt': authority.certificate,
    });
  });
  after(() => folder[Symbol.asyncDispose]());

  async function print(...args: readonly string[]): Promise<Printed> {
    const { code, stdout, stderr } = await bouncer(['bootstrap', 'webhook', ...args]);
    assert.equal(code, 0, stderr);
    const objects = parseDocuments(stdout, 'stdout').map(
      ({ value }) => value as { kind: string; webhooks?: Webhook[] },
    );
    const webhooks = objects.at(-1)?.webhooks ?? [];
    return { text: JSON.stringify(objects), stderr, webhooks, kinds: objects.map(({ kind }) => kind) };
  }
  const printUrl = async (...args: string[]): Promise<Printed> =>
    print(url, `--ca-cert=${folder.file('ca.crt')}`, ...args);
  const printService = async (...args: string[]): Promise<Printed> =>
    print('--service', `--image=${image}`, ...args);

  it('prints only the webhook configuration for a gate with a URL, and prints it last for a gate with a Service', async () => {
    assert.deepEqual((await printUrl()).kinds, ['ValidatingWebhookConfiguration']);
    const { kinds, stderr } = await printService();
    assert.deepEqual([kinds.length, kinds.at(-1)], [10, 'ValidatingWebhookConfiguration']);
    assert.match(stderr, /^note: the Secrets of this stream hold private keys$/m);
  });

  it('trusts the CA of serve --self-signed on this machine by default', async () => {
    const env = { XDG_STATE_HOME: folder.file('state') };
    const { stdout } = await bouncer(['bootstrap', 'webhook', url], { env });
    const [configuration] = parseDocuments(stdout, 'stdout');
    assert.ok(configuration);
    const { webhooks } = configuration.value as { webhooks: Webhook[] };
    assert.equal(
      Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString(),
      authority.certificate,
    );
  });

  /** Each option, and its effect, which must not be visible without the option. */
  const FLIPS: readonly (readonly [form: 'url' | 'service', option: string, shows: RegExp])[] = [
    ['url', '--stage=audit', /\/validate\/audit/],
    ['url', '--kube-system=exempt', /"webhooks":\[\{(?!.*kube-system\.kube-image-bouncer\.io)/],
    ['url', '--exempt-namespaces=legacy', /"values":\["kube-system","legacy"\]/],
    ['url', '--timeout-seconds=3', /"timeoutSeconds":3\b/],
    ['url', '--kubernetes-version=1.24', /^(?!.*matchConditions)/],
    ['service', '--namespace=gates', /"namespace":"gates"/],
    ['service', '--language=zh-CN', /"--language=zh-CN"/],
    ['service', '--replicas=7', /"replicas":7\b/],
    ['service', '--cert-manager=ClusterIssuer/company', /cert-manager\.io\/inject-ca-from/],
    ['service', '--kubernetes-version=1.26', /^(?!.*unhealthyPodEvictionPolicy)/],
  ];
  for (const [form, option, shows] of FLIPS) {
    it(`flip: ${option}`, async () => {
      const run = form === 'url' ? printUrl : printService;
      assert.doesNotMatch((await run()).text, shows);
      assert.match((await run(option)).text, shows);
    });
  }

  it('flip: --policy decides which kinds are reviewed, and is stored in the cluster', async () => {
    const policy = `--policy=${folder.file('narrow.yaml')}`;
    const rulesOf = ({ webhooks }: Printed): readonly string[] =>
      webhooks[0]?.rules.flatMap(({ resources }) => resources) ?? [];
    assert.ok(rulesOf(await printUrl()).includes('deployments'));
    const narrow = await printService(policy);
    assert.deepEqual(rulesOf(narrow), ['pods', 'pods/ephemeralcontainers', 'rollouts']);
    assert.ok(narrow.text.includes(JSON.stringify(narrowPolicy).slice(1, -1)));
    assert.match(
      narrow.stderr,
      /^note: the policy names gadgets\.example\.com, but not the fields of their images: .* customResources/m,
    );
  });

  it('flip: --language, with a note if no catalogue has it, or if the gate runs already', async () => {
    const note = /^note: --language .*$/m;
    assert.doesNotMatch((await printService('--language=zh')).stderr, note);
    const [spoken] = note.exec((await printService('--language=de')).stderr) ?? [];
    assert.equal(
      spoken,
      'note: --language de: the gate has messages in en and zh; in this language only the messages of rules are shown',
    );
    const [elsewhere] = note.exec((await printUrl('--language=zh')).stderr) ?? [];
    assert.equal(
      elsewhere,
      'note: --language is for --service: start the gate at https://gate.example.com:1323 with it',
    );
  });

  it('flip: --image, with a note if it is not pinned', async () => {
    const { text, stderr } = await printService();
    assert.ok(text.includes(`"image":"${image}"`));
    assert.match(stderr, /is not pinned: add its digest/);
    const pinned = `${image}@sha256:${'0'.repeat(64)}`;
    assert.doesNotMatch((await print('--service', `--image=${pinned}`)).stderr, /pinned/);
  });

  it('flip: --ca-cert and --ca-key sign the certificate, for --days', async () => {
    const given = [`--ca-cert=${folder.file('ca.crt')}`, `--ca-key=${folder.file('ca.key')}`];
    const { text, kinds } = await printService(...given, '--days=1');
    const [, encoded = ''] = /"tls\.crt":"([^"]+)"/.exec(text) ?? [];
    const leaf = new X509Certificate(Buffer.from(encoded, 'base64'));
    assert.ok(leaf.verify(new X509Certificate(authority.certificate).publicKey));
    assert.equal(leaf.validToDate.getTime() - leaf.validFromDate.getTime(), 86_400_000);
    assert.equal(leaf.subjectAltName, 'DNS:kube-image-bouncer.kube-image-bouncer.svc');
    assert.equal(
      kinds.filter((kind) => kind === 'Secret').length,
      1,
      'the key of the CA is not copied into the cluster',
    );
  });

  it('flip: --out writes files instead of printing, keeps certificates, and changes nothing the second time', async () => {
    const out = join(folder.path, 'out');
    const args = ['--service', `--image=${image}`, `--out=${out}`];
    const read = async (name: string): Promise<string> => readFile(join(out, name), 'utf8');
    assert.equal((await bouncer(['bootstrap', 'webhook', ...args])).stdout, `written to ${out}\n`);
    const first = await read('kube-image-bouncer.yaml');
    assert.equal((await stat(join(out, 'kube-image-bouncer.yaml'))).mode & 0o777, 0o600);
    assert.match(await read('pki/ca.key'), /PRIVATE KEY/);
    await bouncer(['bootstrap', 'webhook', ...args]);
    assert.equal(await read('kube-image-bouncer.yaml'), first);
  });

  it('flip: --client-ca, --client-name and --node-folder', async () => {
    const out = join(folder.path, 'client');
    const args = [
      '--service',
      `--image=${image}`,
      '--client-ca',
      '--client-name=front',
      '--node-folder=/srv/x',
    ];
    const { code, stderr } = await bouncer(['bootstrap', 'webhook', ...args, `--out=${out}`]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^note: on every control-plane node, copy .* to \/srv\/x and give kube-apiserver/m);
    const read = async (name: string): Promise<string> => readFile(join(out, name), 'utf8');
    assert.match(await read('kube-image-bouncer.yaml'), /- --client-name=front\n/);
    const kubeconfig = await read('webhook-kubeconfig.yaml');
    assert.match(kubeconfig, /- name: kube-image-bouncer\.kube-image-bouncer\.svc\n/);
    assert.match(kubeconfig, /client-key: \/srv\/x\/pki\/apiserver-client\.key\n/);
    assert.match(
      await read('admission-configuration.yaml'),
      /kubeConfigFile: \/srv\/x\/webhook-kubeconfig\.yaml\n/,
    );
    const client = new X509Certificate(await read('pki/apiserver-client.crt'));
    assert.equal(client.subject, 'CN=front');
  });

  const ca = '--ca-cert=CA';
  const REFUSED: readonly (readonly [line: string, code: RegExp])[] = [
    ['', /give --url https:\/\/host:port for a gate that runs already, or --service/],
    [
      '--url=https://a --service',
      /--url is for a gate outside the cluster, and --service for a gate in the cluster: give one of them/,
    ],
    ['--url=http://a', /does not begin with https:\/\//],
    ['--url=https://u:p@a', /contains a user/],
    ['--url=https://a/validate', /has a path, a query or a fragment/],
    ['--url=a:1', /--url: "a:1" does not begin with https/],
    ['--url=https://a', /--ca-cert is missing: the CA of the gate's certificate is not known/],
    [`--url=https://a ${ca} --image=x`, /--image needs --service/],
    [
      `--url=https://a ${ca} --cert-manager=x`,
      /--cert-manager needs --service: with --url the gate has a certificate already/,
    ],
    ['--service', /--image is missing: give the reference/],
    ['--service --image=A', /--image: repository component "A" has an upper-case letter/],
    [`--service --image=x ${ca}`, /--ca-key is missing: with --service/],
    ['--service --image=x --ca-key=x', /--ca-cert is missing: give a certificate and its key together/],
    [`--service --image=x ${ca} --ca-key=KEY --cert-manager=x`, /both choose the signer/],
    [
      '--service --image=x --cert-manager=Secret/a/b',
      /is neither a name, nor Issuer\/name, nor ClusterIssuer\/name/,
    ],
    ['--service --image=x --client-ca', /give a folder for them with --out/],
    [
      '--service --image=x --cert-manager=x --client-ca --out=x',
      /--client-ca needs a file with --cert-manager/,
    ],
    ['--service --image=x --client-ca --out=x --client-name=a,b', /--client-name: "a,b" is not one name/],
    ['--service --image=x --client-ca --out=x --node-folder=x', /--node-folder: x is not an absolute path/],
    ['--service --image=x --namespace=A', /--namespace: "A" is not the name of a namespace/],
    ['--service --image=x --replicas=0', /--replicas: "0" is not a whole number from 1 to 100/],
    [
      '--service --image=x --timeout-seconds=31',
      /--timeout-seconds: "31" is not a whole number from 1 to 30/,
    ],
    ['--service --image=x --language=中文', /--language: "中文" is not a language tag/],
    ['--service --image=x --days=0', /--days: "0" is not a whole number from 1 to 3650/],
    ['--service --image=x --yes', /--yes needs --apply/],
    ['--service --image=x --kubernetes-version=new', /"new" is not a version, such as 1\.37/],
    ['--apply --delete', /--apply and --delete contradict each other/],
    ['--service --image=x --apply --kubeconfig=/nowhere', /\/nowhere cannot be read/],
    ['--service --image=x --ca-cert=/nowhere --ca-key=KEY', /--ca-cert: \/nowhere cannot be read/],
  ];
  for (const [line, expected] of REFUSED) {
    it(`refuses ${line === '' ? 'nothing' : line}`, async () => {
      const args = line
        .split(' ')
        .filter(Boolean)
        .map((word) =>
          word.replace('=CA', `=${folder.file('ca.crt')}`).replace('=KEY', `=${folder.file('ca.key')}`),
        );
      const env = { XDG_STATE_HOME: folder.file('empty') };
      const { code, stdout, stderr } = await bouncer(['bootstrap', 'webhook', ...args], { env });
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /\n {4}at /, 'no stack trace');
    });
  }

  it('E02 refuses a Kubernetes version in which every user could set the label with the name of a namespace', async () => {
    const { code, stderr } = await bouncer(['bootstrap', 'webhook', url, '--kubernetes-version=1.20']);
    assert.equal(code, 2);
    assert.match(stderr, /Kubernetes 1\.20 is older than 1\.24, the oldest that is supported/);
  });

  it('E13 refuses a pattern as the name of an exempt namespace', async () => {
    const { code, stderr } = await bouncer(['bootstrap', 'webhook', url, '--exempt-namespaces=a,kube-*']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /--exempt-namespaces: "kube-\*" is not the name of a namespace; patterns are not accepted/,
    );
  });
});
