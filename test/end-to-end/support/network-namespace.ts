import assert from 'node:assert/strict';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findBinaries, type Environment, type KubernetesVersion } from '../../control-plane/binaries.ts';
import { runCommand } from './processes.ts';

/** Set in a process that has its own network, and nowhere else. */
const marker = 'KUBE_IMAGE_BOUNCER_OWN_NETWORK';
const buildTimeoutMs = 60 * 60_000;

/** What is needed of the network, and of the machine around it. */
interface OwnNetworkOptions {
  readonly environment: Environment;
  /** Built before the network is left behind. */
  readonly versions: readonly KubernetesVersion[];
  /** An `/etc` that may be written to; all processes end with the test. @default false */
  readonly ownMachine?: boolean;
  /** For all tests of the file. @default 240000 */
  readonly timeoutMs?: number;
}

const ownMachineFlags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
// Written to memory, above what the machine has.
const ownEtc =
  'mount -t tmpfs tmpfs /mnt && mkdir /mnt/written /mnt/work && ' +
  'mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/written,workdir=/mnt/work /etc';

/**
 * Runs a test file a second time in a network of its own, where it may give itself any address and take any port;
 * there `tests` are what it declares. As root, and as anybody who may make user namespaces.
 */
export function inOwnNetwork(
  file: string,
  { environment, versions, ownMachine = false, timeoutMs = 240_000 }: OwnNetworkOptions,
  tests: () => void,
): void {
  if (environment[marker] === '1') {
    tests();
    return;
  }
  void test('in a network of its own', { timeout: buildTimeoutMs }, async (context) => {
    // Building them needs the network that is left behind.
    for (const version of versions) await findBinaries(environment, version);
    const { code, stdout, stderr } = await runCommand(
      'unshare',
      [
        ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
        '--net',
        ...(ownMachine ? ownMachineFlags : []),
        'sh',
        '-c',
        `ip link set lo up ${ownMachine ? `&& ${ownEtc} ` : ''}&& exec "$@"`,
        'sh',
        process.execPath,
        '--test-reporter=spec',
        fileURLToPath(file),
      ],
      // Else the second run would report in a form that is made for the first one's parent.
      { environment: { ...environment, NODE_TEST_CONTEXT: undefined, [marker]: '1' }, timeoutMs },
    );
    context.diagnostic(stdout);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  });
}

/** Gives an address to the loopback of this network, unless it has it. */
export async function addAddress(address: string, environment: Environment): Promise<void> {
  const added = await runCommand('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo'], {
    environment,
    timeoutMs: 10_000,
  });
  assert.equal(added.code, 0, added.stderr);
}

/** Where something listens. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/**
 * What kube-proxy does for a Service: carries each connection from its address to one of the pods that it knows by
 * then, in turn, and leaves it there. Without one it refuses.
 */
export async function startServiceProxy(
  from: Address,
  pods: readonly Address[] | (() => readonly Address[]),
): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  let carried = 0;
  const server: Server = createServer((client) => {
    const known = typeof pods === 'function' ? pods() : pods;
    const to = known[carried % known.length];
    carried += 1;
    if (to === undefined) {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const pod = connect(to.port, to.address);
    client.pipe(pod).pipe(client);
    for (const socket of [client, pod]) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    for (const [one, other] of [
      [client, pod],
      [pod, client],
    ] as const)
      one.on('error', () => other.destroy());
  });
  server.listen(from.port, from.address);
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
