import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { freePort } from '../end-to-end/support/free-ports.ts';
import { askImages, askPod, look, send } from './ask.ts';
import { certificates } from './certificates.ts';
import { runCommandLine, startServe, type GateProcess } from './gate-process.ts';
import { sharedGates } from './shared-gates.ts';
import { askSlowly } from './slow-client.ts';

const GOOD = 'nginx:1.27.3';
const ELSEWHERE = 'quay.io/acme/app:1.0';

const NO_ACME = `
apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: no-acme}
spec:
  unmatchedImages: Allow
  rules: [{name: no-acme, disallowedImages: {images: ["quay.io/acme/**"]}}]
`;

const FALLBACK = 'denials use another language';

describe('an option of serve', { concurrency: 4 }, () => {
  const gates = sharedGates();
  after(() => gates[Symbol.asyncDispose]());
  const plain = gates.share(() => []);
  const hosts = 'docker.io, registry.example.com:5000';
  const chinese = gates.share(() => ['--language=zh', `--allowed-registries=${hosts}`]);
  const whitelisted = gates.share(() => [`--registry-whitelist=${hosts}`]);
  const healthPort = freePort();
  const house = gates.share(async () => [
    '--debug',
    `--health-port=${await healthPort}`,
    `--policy=${await (await certificates).write('no-acme.yaml', NO_ACME)}`,
  ]);

  it('flip: without a command the program runs serve', async () => {
    assert.equal((await askImages(await plain(), ['nginx'])).allowed, false);
    const { code, stderr } = await runCommandLine(['explain', 'nginx:1.27.3']);
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('without a certificate the gate serves plain HTTP on loopback and warns', async () => {
    const gate = await plain();
    assert.equal(gate.scheme, 'http');
    const warning = gate.lines().find(({ level }) => level === 'warn');
    assert.equal(warning?.['msg'], 'serving plain HTTP');
    assert.match(String(warning?.['problem']), /: give --cert and --key, or --self-signed$/);
    assert.equal((await gate.line('listening'))['address'], '127.0.0.1');
    await assert.rejects(askImages(gate, [GOOD], { host: '127.0.0.2' }), { code: 'ECONNREFUSED' });
    await assert.rejects(look(gate, '/livez', '127.0.0.2'), { code: 'ECONNREFUSED' });
  });

  it('flip: --port is the port for reviews; the health port is the next one', async () => {
    const port = await freePort();
    await using gate = await startServe(['serve', `--port=${port}`], { defaults: ['--drain=0'] });
    assert.deepEqual([gate.port, gate.healthPort], [port, port + 1]);
    assert.equal((await askImages({ scheme: 'http', port }, [GOOD])).allowed, true);
    assert.equal((await look({ healthPort: port + 1 }, '/readyz')).status, 200);
    assert.notEqual((await plain()).port, port);
  });

  it('flip: --health-port is the port for health', async () => {
    assert.equal((await house()).healthPort, await healthPort);
    assert.equal((await look(await house(), '/livez')).status, 200);
    assert.notEqual((await plain()).healthPort, await healthPort);
  });

  it('flip: --policy is the policy for all images', async () => {
    const verdicts = async (gate: GateProcess) => [
      (await askImages(gate, [ELSEWHERE])).allowed,
      (await askImages(gate, ['nginx'])).allowed,
    ];
    assert.deepEqual(await verdicts(await house()), [false, true]);
    assert.deepEqual(await verdicts(await plain()), [true, false]);
  });

  it('flip: --debug logs requests that are not reviews', async () => {
    for (const gate of [await house(), await plain()])
      assert.equal((await send(gate, '/nowhere', {})).status, 404);
    assert.equal((await (await house()).line('request refused'))['code'], 'NOT_FOUND');
    // The line would come before that of the verdict.
    await askImages(await plain(), [GOOD]);
    await (await plain()).line('decision');
    assert.ok((await plain()).lines().every(({ level }) => level !== 'debug'));
  });

  for (const [option, gate] of [
    ['--allowed-registries', chinese],
    ['--registry-whitelist', whitelisted],
  ] as const) {
    it(`flip: ${option} refuses images from elsewhere, on /image_policy as on /`, async () => {
      const [listed, open] = [await gate(), await plain()];
      for (const image of [GOOD, 'registry.example.com:5000/app:1']) {
        assert.equal((await askImages(listed, [image])).allowed, true);
        assert.equal((await askPod(listed, image)).allowed, true);
      }
      for (const verdict of [await askImages(listed, [ELSEWHERE]), await askPod(listed, ELSEWHERE)]) {
        assert.equal(verdict.allowed, false);
        assert.match(verdict.message, /\[(?:rule|规则) allowed-registries\]/);
      }
      assert.equal((await askImages(open, [ELSEWHERE])).allowed, true);
      assert.equal((await askPod(open, ELSEWHERE)).allowed, true);
      assert.equal((await askPod(listed, 'nginx')).allowed, false, 'the tag latest is refused as well');
    });
  }

  it('flip: --language chooses the message of a rule', async () => {
    const latest = /Images using latest tag are not allowed/;
    assert.match(
      (await askImages(await chinese(), ['nginx'])).message,
      /检查镜像失败!镜像标签不允许使用latest!/,
    );
    assert.match(
      (await askImages(await chinese(), [ELSEWHERE])).message,
      /检查镜像失败!不允许使用该镜像仓库!/,
    );
    assert.match((await askImages(await plain(), ['nginx'])).message, latest);
    assert.match((await askImages(await whitelisted(), ['nginx'])).message, latest);
  });

  it('flip: --language chooses the texts of the gate, in both protocols', async () => {
    for (const ask of [
      askImages,
      (gate: GateProcess, [image = '']: readonly string[]) => askPod(gate, image),
    ]) {
      assert.match((await ask(await chinese(), ['Nginx:1'])).message, /有大写字母/);
      assert.match((await ask(await plain(), ['Nginx:1'])).message, /has an upper-case letter/);
    }
    assert.ok((await chinese()).lines().every(({ msg }) => msg !== FALLBACK));
  });

  it('flip: --messages adds a language; missing texts are counted and stay English', async () => {
    const { write } = await certificates;
    const file = await write(
      'de.yaml',
      'language: de\nmessages: {DISALLOWED_TAG.named.remedy: nenne eine Version}\n',
    );
    await using german = await startServe([`--messages=${file}`, '--language=de']);
    const { message } = await askImages(german, ['nginx:latest']);
    assert.match(message, /tag "latest" is not allowed \[rule no-latest\]; nenne eine Version$/);
    const warning = german.lines().find(({ msg }) => msg === FALLBACK);
    assert.match(String(warning?.['problem']), /de\.yaml: \d+ messages are missing; they are shown in en$/);
    assert.match((await askImages(await plain(), ['nginx:latest'])).message, /name a fixed version/);
  });

  it('an unknown language falls back to English with a warning', async () => {
    await using gate = await startServe(['--language=tlh']);
    assert.match((await askImages(gate, ['nginx:latest'])).message, /is not allowed/);
    const warning = gate.lines().find(({ msg }) => msg === FALLBACK);
    assert.match(
      String(warning?.['problem']),
      /^--language tlh: no catalogue has this language.*\(there are en, zh;/,
    );
  });

  it('flip: --insecure-bind allows plain HTTP on other addresses than loopback', async () => {
    await using gate = await startServe(['--bind=0.0.0.0', '--insecure-bind']);
    assert.equal((await askImages(gate, [GOOD], { host: '127.0.0.2' })).allowed, true);
    assert.ok(gate.lines().some(({ level }) => level === 'warn'));
    const { code, stderr } = await runCommandLine(['--port=0', '--bind=0.0.0.0']);
    assert.equal(code, 2);
    assert.match(stderr, /--insecure-bind/);
  });

  it('flip: --review-timeout limits the time of one review, even if the caller waits longer', async () => {
    await using hasty = await startServe(['--review-timeout=1']);
    await using patient = await startServe([]);
    // Half of the second is for the decision. The time to receive the body counts.
    const [late, inTime] = await Promise.all([
      askSlowly(hasty, '/image_policy?timeout=30s', GOOD, 700),
      askSlowly(patient, '/image_policy?timeout=30s', GOOD, 700),
    ]);
    assert.match(late, /"allowed":false.*there was not enough time to decide/);
    assert.match(inTime, /"allowed":true/);
  });
});
