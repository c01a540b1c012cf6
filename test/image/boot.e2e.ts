import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../end-to-end/support/eventually.ts';
import { askImages, askPod, look, metricOf, send } from '../serve/ask.ts';
import { makePod } from './contained-gates.ts';

const NO_LATEST = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: boot}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-latest
    disallowedTags: {tags: [latest]}
  - name: numbers
    allowedTags: {pattern: "[0-9.]+"}
  - name: recent
    allowedTags: {semver: ">=1.0.0"}
`;

const pod = await makePod(NO_LATEST);
const ca = pod.authority;

describe('the gate in its image, as the Deployment of bootstrap webhook runs it', () => {
  it('runs as user 65532 without capabilities, cannot get any, and has a seccomp filter', async () => {
    await using gate = await pod.serve();
    const status = await readFile(`/proc/${await gate.pid()}/status`, 'utf8');
    const field = (name: string): string =>
      new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';
    assert.equal(field('Uid'), '65532\t65532\t65532\t65532');
    assert.equal(field('Gid'), '65532\t65532\t65532\t65532');
    assert.equal(field('Groups'), '65532');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.equal(field(set), '0'.repeat(16), set);
    assert.equal(field('NoNewPrivs'), '1');
    assert.equal(field('Seccomp'), '2');
  });

  it('has a read-only root and read-only volumes', async () => {
    await using gate = await pod.serve();
    const mounts = await readFile(`/proc/${await gate.pid()}/mountinfo`, 'utf8');
    const options = new Map(
      mounts.split('\n').map((line) => [line.split(' ')[4], line.split(' ')[5]?.split(',')]),
    );
    for (const place of ['/', '/etc/kube-image-bouncer/tls', '/etc/kube-image-bouncer/policy'])
      assert.ok(options.get(place)?.includes('ro'), `${place}: ${options.get(place)?.join()}`);
  });

  it('answers both protocols over HTTPS, is ready, and has metrics for its memory and descriptors', async () => {
    await using gate = await pod.serve();
    assert.equal((await askImages(gate, ['nginx'], { ca })).allowed, false);
    assert.equal((await askImages(gate, ['nginx:1.17.1'], { ca })).allowed, true);
    assert.equal((await askPod(gate, 'nginx:0.9', { ca })).allowed, false);
    assert.equal((await askPod(gate, 'nginx:1.17.1', { ca })).allowed, true);
    assert.equal((await look(gate, '/readyz')).status, 200);
    assert.ok((await metricOf(gate, 'process_resident_memory_bytes')) > 2 ** 24);
    assert.ok((await metricOf(gate, 'process_open_fds')) > 10);
  });

  it('loads a new policy when the kubelet replaces it', async () => {
    await using gate = await pod.serve();
    assert.equal((await askImages(gate, ['nginx:1'], { ca })).allowed, false);
    await pod.policy.replace({ 'policy.yaml': NO_LATEST.replace('>=1.0.0', '>=1.0.0 || *') });
    await pod.policy.replace({ 'policy.yaml': NO_LATEST.replace(/ {2}- name: recent[^]*/, '') });
    await eventually('the new policy is active', async () =>
      (await askImages(gate, ['nginx:1'], { ca })).allowed ? true : undefined,
    );
    await pod.policy.replace({ 'policy.yaml': NO_LATEST });
  });

  it('drains and ends with 0 on SIGTERM, as process 1, without an init process that forwards signals', async () => {
    await using gate = await pod.serve('--drain=1');
    await gate.kill('SIGTERM');
    await eventually('the gate is no longer ready', async () =>
      (await look(gate, '/readyz')).status === 503 ? true : undefined,
    );
    assert.equal((await askImages(gate, ['nginx'], { ca })).allowed, false);
    assert.equal(await gate.exited, 'exit code 0', await gate.output());
  });

  it('makes its own certificate if its folder is writable', async () => {
    const folder = '/var/lib/kube-image-bouncer';
    const args = ['serve', '--self-signed', `--state-dir=${folder}`, '--port=0', '--health-port=0'];
    await using container = await pod.start({ onlyArgs: args, scratch: [folder] });
    const output = await eventually(
      'it serves',
      async () => /serves https.*/.exec(await container.output())?.[0],
    );
    assert.match(output, /CA certificate \/var\/lib\/kube-image-bouncer\/ca\.crt/);
  });

  it('reports an unreadable file in one sentence', async () => {
    await using container = await pod.start({ onlyArgs: ['explain', 'nginx', '--policy=/etc/passwd'] });
    assert.equal(await container.exited, 'exit code 2');
    assert.match(await container.output(), /^error: \/etc\/passwd: the policy cannot be read: .*\n$/);
  });
});

interface Recording {
  readonly path: string;
  readonly query: string;
  readonly request: unknown;
  readonly status: number;
  readonly response: unknown;
  readonly policy: string;
  readonly language?: string;
}

describe('the image gives the recorded requests the same answers as the sources', async () => {
  const folder = fileURLToPath(new URL('../recordings', import.meta.url));
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json'));
  const recordings = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Recording),
  );
  const settings = Map.groupBy(recordings, ({ policy, language }) => JSON.stringify([policy, language]));
  for (const [key, asked] of settings) {
    const [policy, language] = JSON.parse(key) as [string, string | null];
    it(`${asked.length} recordings, ${policy === 'default' ? 'no policy' : 'a policy'}, ${language ?? 'English'}`, async () => {
      const own = policy === 'default' ? pod : await makePod(policy);
      const spoken = language === null ? [] : [`--language=${language}`];
      await using gate = await (policy === 'default' ? own.serveWithoutPolicy() : own.serve(...spoken));
      for (const { path, query, request, status, response } of asked) {
        const answer = await send(gate, query === '' ? path : `${path}?${query}`, request, {
          ca: own.authority,
        });
        assert.deepEqual(
          { status: answer.status, response: JSON.parse(answer.body) as unknown },
          { status, response },
        );
      }
    });
  }
});
