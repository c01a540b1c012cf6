import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { look, metricOf } from './ask.ts';
import { runCommandLine, startServe } from './gate-process.ts';

/** The answer of an API server to a trial pod. */
interface Answer {
  readonly status: number;
  readonly message: string;
}

const REFUSED: Answer = {
  status: 403,
  message: 'admission webhook "images.kube-image-bouncer.io" denied the request: no',
};
const ADMITTED: Answer = { status: 201, message: '' };
const BROKEN: Answer = {
  status: 500,
  message: 'Internal error occurred: failed calling webhook "images.kube-image-bouncer.io": refused',
};

/**
 * Replaces an API server. Also writes a kubeconfig for it. The end-to-end tests compare these texts with real ones.
 */
async function openApiServer(answers: readonly [Answer, ...Answer[]], user: object = {}) {
  const received: { path: string; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, message } = answers[Math.min(received.length, answers.length - 1)] ?? REFUSED;
      received.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString() });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', message }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    // The canary refuses plain HTTP without this option.
    clusters: [
      { name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  };
  const folder = await folderOf({ kubeconfig: JSON.stringify(kubeconfig) });
  return {
    received,
    flag: `--canary-kubeconfig=${folder.file('kubeconfig')}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const ENFORCED = 'the API server enforces the policy';

describe('serve checks whether the API server calls it', { concurrency: 4 }, () => {
  it('reports a change once in the log, in the metrics and on the readiness page', async () => {
    await using api = await openApiServer([REFUSED, REFUSED, ADMITTED, BROKEN, REFUSED]);
    await using gate = await startServe([api.flag, '--canary-interval=1']);
    await gate.line(ENFORCED);
    assert.equal(await metricOf(gate, 'enforcing'), 1);
    await gate.line('the API server does not enforce the policy');
    assert.equal(await metricOf(gate, 'enforcing'), 0);
    const ready = await look(gate, '/readyz');
    assert.equal(ready.status, 200);
    assert.match(ready.body, /^\[\+\]enforcement ok: not enforcing: the API server admits a pod/m);
    const unknown = /^it is not known whether the gate is enforcing: the API server cannot call the gate/;
    while (!gate.lines().some(({ detail }) => unknown.test(String(detail)))) await look(gate, '/livez');
    assert.match((await look(gate, '/metrics')).body, /^kube_image_bouncer_enforcing Nan$/im);
    await gate.lineAfter(gate.lines().length, ENFORCED);
    const results = gate
      .lines()
      .filter((line) => 'enforcing' in line)
      .map(({ enforcing }) => enforcing);
    assert.deepEqual(results, [true, false, null, true]);
  });

  it('uses the given namespace and a dry run of a pod that no policy admits', async () => {
    await using api = await openApiServer([REFUSED]);
    await using gate = await startServe([api.flag, '--canary-namespace=trials']);
    await gate.line(ENFORCED);
    assert.equal(api.received[0]?.path, '/api/v1/namespaces/trials/pods?dryRun=All');
    assert.match(api.received[0]?.body ?? '', /"image":"kube-image-bouncer\.invalid\/CANARY"/);
  });

  it('starts although the kubeconfig does not exist yet', async () => {
    await using gate = await startServe(['--canary-kubeconfig=/nowhere/kubeconfig']);
    await gate.printed(/serves http/);
    assert.equal((await look(gate, '/readyz')).status, 200);
  });

  it('exits at once although the child of a credential plugin keeps its pipe open', async () => {
    await using folder = await folderOf({});
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      interactiveMode: 'Never',
      command: 'sh',
      args: ['-c', `touch ${folder.file('asked')}; sleep 30; true`],
    };
    await using api = await openApiServer([REFUSED], { exec });
    await using gate = await startServe([api.flag]);
    while (!existsSync(folder.file('asked'))) await look(gate, '/livez');
    const startMs = performance.now();
    gate.kill('SIGTERM');
    assert.equal(await gate.ended, 0);
    assert.ok(performance.now() - startMs < 5000);
    assert.equal(gate.lines().at(-1)?.['msg'], 'left');
  });

  it('runs only if an option enables it', async () => {
    await using gate = await startServe([]);
    assert.doesNotMatch((await look(gate, '/metrics')).body, /^kube_image_bouncer_enforcing /m);
    assert.doesNotMatch((await look(gate, '/readyz')).body, /enforcement/);
  });

  it('refuses options without an effect, and a time of zero', async () => {
    const lines = {
      '--canary-interval=5': /--canary-interval needs --canary-kubeconfig/,
      '--canary-namespace=a': /--canary-namespace needs --canary-kubeconfig/,
      '--canary-kubeconfig=k --canary-interval=0': /--canary-interval: "0" is not a whole number from 1/,
      '--canary-kubeconfig=k --canary-interval=5m': /--canary-interval: "5m" is not a whole number/,
    };
    for (const [line, message] of Object.entries(lines)) {
      const { code, stderr } = await runCommandLine(['serve', ...line.split(' ')]);
      assert.equal(code, 2, line);
      assert.match(stderr, message);
    }
  });
});
