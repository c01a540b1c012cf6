import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findBinaries, newestKubernetes } from '../control-plane/binaries.ts';
import { blocksOf } from '../readme/blocks.ts';
import { startControlPlane } from './support/control-plane.ts';
import { eventually } from './support/eventually.ts';
import { inOwnNetwork } from './support/network-namespace.ts';
import { startNode } from './support/node.ts';
import { runCommand, startProcess, type CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { gateName, openServiceCluster } from './support/service-cluster.ts';
import { assertAdmitted, assertRefused } from './support/stage.ts';
import { makeTemporaryFolder } from './support/temporary-folder.ts';

// Runs the five-minute paths as a user types them: the lines of the README in a shell, in the checkout, with a
// kubeconfig.

const versions = ['v1.24', 'v1.37'] as const;
const checkout = fileURLToPath(new URL('../..', import.meta.url));
const blocks = blocksOf('README.md');
const latestRefused = 'Images using latest tag are not allowed: nginx';

/** The one block of the README that contains this text. */
function blockWith(text: string): string {
  const found = blocks.filter((block) => block.text.includes(text));
  assert.equal(found.length, 1, `one block of the README has ${text}`);
  return found[0]?.text ?? '';
}

/** The single lines of a block of commands. */
function linesOf(block: string): readonly string[] {
  return block.split('\n').filter((line) => line !== '');
}

/** A shell in the checkout, as a user has it open. The shell echoes each line and its output. */
interface Shell extends AsyncDisposable {
  readonly type: (line: string) => Promise<CommandResult>;
  /** Types a line in a second terminal, where it keeps running. */
  readonly leaveRunning: (line: string) => void;
  readonly logTails: () => Promise<string>;
}

async function openShell(kubeconfig: string, version: (typeof versions)[number]): Promise<Shell> {
  const home = await makeTemporaryFolder('home');
  const { kubectl } = await findBinaries(process.env, version);
  const environment = {
    PATH: `${join(kubectl, '..')}:${process.env['PATH'] ?? ''}`,
    HOME: home.path,
    KUBECONFIG: kubeconfig,
  };
  const inCheckout = (line: string): string[] => ['-c', `cd ${checkout} && ${line}`];
  const logFile = join(home.path, 'terminal.log');
  const transcript: string[] = [];
  return {
    type: async (line) => {
      const result = await runCommand('/bin/sh', inCheckout(line), { environment, timeoutMs: 120_000 });
      transcript.push(`$ ${line}`, result.stdout, result.stderr);
      process.stdout.write(`# $ ${line}\n${result.stdout}${result.stderr}`.replaceAll(/\n(?=.)/g, '\n# '));
      return result;
    },
    leaveRunning: (line) => {
      startProcess({
        program: '/bin/sh',
        arguments: inCheckout(line),
        environment,
        workingFolder: home.path,
        logFile,
      });
    },
    logTails: async () => transcript.join('\n'),
    [Symbol.asyncDispose]: async () => {
      // A process that was started by a shell has its own children. No other gate runs on this machine.
      await runCommand('pkill', ['-KILL', '-f', 'kube-image-bouncer'], { environment, timeoutMs: 5_000 });
      await home[Symbol.asyncDispose]();
    },
  };
}

inOwnNetwork(import.meta.url, { environment: process.env, versions, ownMachine: true }, () => {
  for (const version of versions) {
    describe(`the README's webhook outside the cluster, on ${version}`, () => {
      const scene = shared(async () => {
        await using parts = new AsyncDisposableStack();
        const controlPlane = parts.use(await startControlPlane({ environment: process.env, version }));
        const shell = parts.use(await openShell(controlPlane.kubeconfig, version));
        const owned = parts.move();
        return { ...shell, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
      });

      scenario(`[${version}] README: the gate starts, the webhook is applied, nginx is refused`, async () => {
        const { type, leaveRunning } = scene();
        const [serve = ''] = linesOf(blockWith('serve --self-signed --host-names'));
        leaveRunning(serve);
        await eventually('the gate answers', async () =>
          (await type('curl -sf http://localhost:1324/readyz')).code === 0 ? true : undefined,
        );
        const [bootstrap = '', latest = '', fixed = ''] = linesOf(blockWith('bootstrap webhook --url'));
        assertAdmitted(await type(bootstrap));
        const refused = await type(latest);
        assertRefused(refused, latestRefused);
        const created = await type(fixed);
        assertAdmitted(created);
        assert.equal(`${refused.stderr}${created.stdout}`, blockWith('pod/web created'));
      });

      scenario(`[${version}] README: doctor verifies the wiring, and recover finds no lock-out`, async () => {
        const [doctor = '', recover = ''] = linesOf(blockWith('npx kube-image-bouncer doctor'));
        const found = await scene().type(doctor);
        assertAdmitted(found);
        assert.match(found.stdout, /enforcing \(0 faults, 0 warnings/);
        assertAdmitted(await scene().type(recover));
      });

      scenario(`[${version}] README: a second run changes nothing`, async () => {
        const [bootstrap = ''] = linesOf(blockWith('bootstrap webhook --url'));
        const again = await scene().type(bootstrap);
        assertAdmitted(again);
        assert.doesNotMatch(again.stdout + again.stderr, /^(created|changed) /m);
      });
    });

    describe(`the README's gate in the cluster, on ${version}`, () => {
      const scene = shared(async () => {
        await using parts = new AsyncDisposableStack();
        const cluster = parts.use(await openServiceCluster(version));
        const shell = parts.use(await openShell(cluster.controlPlane.kubeconfig, version));
        const owned = parts.move();
        return { ...shell, cluster, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
      });

      scenario(`[${version}] README: the gate starts behind its Service and refuses`, async () => {
        const { type, cluster } = scene();
        const [bootstrap = ''] = linesOf(blockWith('bootstrap webhook --service'));
        const applied = type(bootstrap);
        await eventually('the Deployment is there', async () => {
          const deployment = ['get', `--namespace=${gateName}`, 'deployment', gateName];
          return (await cluster.controlPlane.kubectl(deployment)).code === 0 ? true : undefined;
        });
        await cluster.startGate();
        assertAdmitted(await applied);
        assertRefused(await type('kubectl run web --image=nginx'), latestRefused);
        assertAdmitted(await type('kubectl run web --image=nginx:1.17.1'));
      });
    });

    describe(`the README's ImagePolicyWebhook, on a node of ${version}`, () => {
      const scene = shared(async () => {
        await using parts = new AsyncDisposableStack();
        const node = parts.use(
          await startNode({ environment: process.env, version, kubernetes: '/etc/kubernetes' }),
        );
        await copyFile(node.kubeconfig, '/etc/kubernetes/admin.conf');
        const shell = parts.use(await openShell(node.kubeconfig, version));
        const owned = parts.move();
        return { ...shell, tree: node.tree, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
      });

      scenario(`[${version}] README: one command wires the node, another undoes it`, async () => {
        const { type, tree } = scene();
        const before = await tree();
        const [show = '', apply = ''] = linesOf(blockWith('bootstrap image-policy --image'));
        assertAdmitted(await type(show));
        assert.deepEqual(await tree(), before);
        const applied = await type(apply);
        assertAdmitted(applied);
        assert.match(applied.stderr, /^proved: /m);
        assertRefused(await type('kubectl run web --image=nginx'), latestRefused);
        assertAdmitted(await type('kubectl run web --image=nginx:1.17.1'));
        const wired = await tree();
        assertAdmitted(await type(apply));
        assert.deepEqual(await tree(), wired);
        if (version === newestKubernetes) {
          const [fromFile = ''] = linesOf(blockWith('bootstrap static --url'));
          const wired = await type(fromFile);
          assertAdmitted(wired);
          assert.match(wired.stderr, /^proved: /m);
          assertRefused(await type('kubectl create deployment web --image=nginx'), latestRefused);
          assertAdmitted(await type('npx kube-image-bouncer bootstrap static --undo'));
        }
        assertAdmitted(await type('npx kube-image-bouncer bootstrap image-policy --undo'));
        assert.deepEqual(await tree(), before);
      });
    });
  }
});
