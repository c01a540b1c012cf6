import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { describe } from 'node:test';
import { bouncer, type Outcome } from '#test/command-line.ts';
import { newestKubernetes, oldestKubernetes } from '../control-plane/binaries.ts';
import { eventually } from './support/eventually.ts';
import { backupOf } from './support/lock-outs.ts';
import { startNode, type Node } from './support/node.ts';
import { runCommand, type CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';

/** Refuses every image. */
const nothingAllowed = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: nothing}
spec:
  unmatchedImages: Deny
  rules:
  - name: nowhere
    allowedImages: {images: ["registry.example.com/empty/*"]}
`;

interface UnreadableAnswer {
  readonly status: number;
  readonly body: string;
  /** The sentence that the API server writes about it. */
  readonly refusal: string;
}

const UNREADABLE_ANSWERS: readonly UnreadableAnswer[] = [
  { status: 200, body: '', refusal: 'is forbidden: 0-length response with status code: 200' },
  {
    status: 200,
    body: '{"apiVersion":"v1","kind":"Foo","status":{"allowed":true}}',
    refusal: 'is forbidden: no kind "Foo" is registered for version "v1"',
  },
  { status: 200, body: '<html>', refusal: "is forbidden: couldn't get version/kind; json parse error" },
  {
    status: 200,
    body: '{"status":{"allowed":"true"}}',
    refusal:
      'is forbidden: json: cannot unmarshal string into Go struct field ImageReviewStatus.status.allowed',
  },
  {
    status: 401,
    body: '{}',
    refusal: 'is forbidden: the server has asked for the client to provide credentials',
  },
  { status: 403, body: '{}', refusal: ': unknown' },
];

for (const version of [newestKubernetes, oldestKubernetes]) {
  describe(`recover, on a node of ${version} that is wired as ImagePolicyWebhook`, () => {
    const node = shared(async () => {
      const started = await startNode({ environment: process.env, version });
      assertAdmitted(await started.kubectl('run', 'running', '--image=nginx:1.17.1'));
      const image = '--image=registry.example.com/kube-image-bouncer:1.0';
      assertAdmitted(
        await started.bootstrap(image, '--apply', `--kubeconfig=${started.kubeconfig}`, '--timeout=60'),
      );
      return started;
    });

    scenario(`[${version}] no gate runs: recover sets defaultAllow and changes nothing else`, async () => {
      await using _gone = await withoutGate(node());
      assertRefused(await tryRun(node()), 'pods "trial" is forbidden: Post "https://');
      const before = await node().tree();

      const elsewhere = await recover(node(), '--yes');
      assert.equal(elsewhere.code, 1, 'without the files recover cannot change anything');
      assert.match(
        elsewhere.stdout,
        /Blocked by the admission plugin ImagePolicyWebhook, which is configured in files/,
      );

      const explained = await recover(node(), `--manifest=${node().manifest}`);
      assert.equal(explained.code, 1, explained.stderr);
      assert.match(
        explained.stdout,
        /the admission plugin ImagePolicyWebhook of .*\(defaultAllow false, calls https:/,
      );
      assert.match(
        explained.stdout,
        /1\. ignore: .*\n +sed -i .*defaultAllow.*\n +mv .*kube-apiserver\.yaml/,
      );
      assert.deepEqual(await node().tree(), before, 'explaining changes nothing');
      assert.match(await trySed(node(), explained.stdout), /defaultAllow: true/);

      const taken = await recover(node(), '--yes', `--manifest=${node().manifest}`);
      assert.equal(taken.code, 0, taken.stdout + taken.stderr);
      assertAdmitted(await tryRun(node()));
      assert.deepEqual(changed(before, await node().tree()), [
        '/kube-image-bouncer/admission-configuration.yaml',
        '/manifests/kube-apiserver.yaml',
      ]);

      const undone = await recover(node(), '--undo', backupOf(taken));
      assert.equal(undone.code, 0, undone.stderr);
      assert.deepEqual(await node().tree(), before);
      await untilRefused(node(), 'pods "trial" is forbidden: Post "https://');
    });

    scenario(`[${version}] an answer that the API server cannot read is a failure of the gate`, async () => {
      await using _gone = await withoutGate(node());
      await using broken = await startBrokenGate(node());
      for (const answer of UNREADABLE_ANSWERS) {
        broken.answer = answer;
        await untilRefused(node(), answer.refusal);
        const explained = await recover(node(), `--manifest=${node().manifest}`);
        assert.match(
          explained.stdout,
          /kube-system +Pod +LOCKED: ImagePolicyWebhook: the gate does not answer/,
          answer.refusal,
        );
        assert.match(explained.stdout, /1\. ignore: /, answer.refusal);
        const examined = await bouncer(['doctor', `--kubeconfig=${node().kubeconfig}`]);
        assert.match(examined.stdout, /GATE_UNREACHABLE/, answer.refusal);
      }
    });

    scenario(`[${version}] a relative kubeConfigFile is followed`, async () => {
      await using _gone = await withoutGate(node());
      const settings = join(node().folder, 'admission-configuration.yaml');
      const text = await readFile(settings, 'utf8');
      await writeFile(settings, text.replace(/kubeConfigFile: .*/, 'kubeConfigFile: kubeconfig.yaml'));
      const explained = await recover(node(), `--manifest=${node().manifest}`);
      await writeFile(settings, text);
      assert.match(explained.stdout, /\(defaultAllow false, calls https:/, explained.stderr);
    });

    // The path of the request does not depend on the version.
    if (version !== newestKubernetes) return;
    scenario(
      `[${version}] a policy that refuses everything: recover switches to the stage warn`,
      async () => {
        const policyFile = join(node().folder, 'policy.yaml');
        const policy = await readFile(policyFile, 'utf8');
        await writeFile(policyFile, nothingAllowed);
        await untilRefused(node(), 'image policy webhook backend denied one or more images');
        const before = await node().tree();
        const taken = await recover(node(), '--yes', '--until=default', `--manifest=${node().manifest}`);
        assert.equal(taken.code, 0, taken.stdout + taken.stderr);
        assertAdmitted(await tryRun(node()));
        assert.deepEqual(changed(before, await node().tree()), [
          '/kube-image-bouncer/kubeconfig.yaml',
          '/manifests/kube-apiserver.yaml',
        ]);
        assert.equal((await recover(node(), '--undo', backupOf(taken))).code, 0);
        assert.deepEqual(await node().tree(), before);
        await untilRefused(node(), 'image policy webhook backend denied one or more images');
        await writeFile(policyFile, policy);
      },
    );
  });
}

async function recover({ kubeconfig, folder }: Node, ...args: readonly string[]): Promise<Outcome> {
  const backup = join(dirname(dirname(folder)), 'backup');
  return bouncer(['recover', `--kubeconfig=${kubeconfig}`, `--backup=${backup}`, '--wait=60', ...args]);
}

/** The result of the shown sed command, run on a copy of the file. */
async function trySed({ folder }: Node, shown: string): Promise<string> {
  const [, expression = '', file = ''] = /sed -i '(.*)' (\S+)/.exec(shown) ?? assert.fail(shown);
  const copy = join(dirname(dirname(folder)), 'copy.yaml');
  await writeFile(copy, await readFile(file));
  const { PATH } = process.env;
  assertAdmitted(
    await runCommand('sed', ['-i', expression, copy], { environment: { PATH }, timeoutMs: 10_000 }),
  );
  return readFile(copy, 'utf8');
}

/** Stops the gate: removes its static pod until the end of the test. */
async function withoutGate(node: Node): Promise<AsyncDisposable> {
  const manifest = join(dirname(node.manifest), 'kube-image-bouncer.yaml');
  const away = join(dirname(dirname(node.folder)), basename(manifest));
  await rename(manifest, away);
  await untilRefused(node, 'pods "trial" is forbidden: Post "https://');
  return {
    [Symbol.asyncDispose]: async () => {
      await rename(away, manifest);
      await eventually('the gate is back', async () => ((await tryRun(node)).code === 0 ? true : undefined));
    },
  };
}

interface BrokenGate extends AsyncDisposable {
  /** The answer to every request. */
  answer: UnreadableAnswer | undefined;
}

/** Serves at the address of the gate, with its certificate. */
async function startBrokenGate({ folder }: Node): Promise<BrokenGate> {
  const [cert, key, kubeconfig] = await Promise.all(
    ['pki/tls.crt', 'pki/tls.key', 'kubeconfig.yaml'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  const [, port = ''] = /server: "?https:\/\/[^/]*:(\d+)\//.exec(kubeconfig ?? '') ?? assert.fail(kubeconfig);
  const server = createServer({ cert, key }, (request, response) => {
    request.resume();
    const { status, body } = broken.answer ?? { status: 503, body: '' };
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  // Also connections in a handshake, which the server does not count, must end with it.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const broken: BrokenGate = {
    answer: undefined,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => void server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  await new Promise<void>((resolve) => void server.listen(Number(port), resolve));
  return broken;
}

let trials = 0;

/** Uses a new image each time, because the API server caches verdicts. */
async function tryRun({ kubectl }: Node): Promise<CommandResult> {
  trials += 1;
  return kubectl('run', 'trial', `--image=nginx:1.17.1-${trials}`, '--dry-run=server');
}

async function untilRefused(node: Node, words: string): Promise<void> {
  await eventually(`a pod is refused: ${words}`, async () => {
    const { code, stderr } = await tryRun(node);
    return code !== 0 && stderr.includes(words) ? true : undefined;
  });
}

/** Paths whose files differ. */
function changed(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((path) => before[path] !== after[path])
    .toSorted();
}
