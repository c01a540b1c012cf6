import assert from 'node:assert/strict';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findBinaries, type Environment, type KubernetesVersion } from '../../control-plane/binaries.ts';
import { runCommand } from './processes.ts';

/** This variable is set only in a process that has its own network. */
const marker = 'KUBE_IMAGE_BOUNCER_OWN_NETWORK';
const buildTimeoutMs = 60 * 60_000;

/** The requirements for the network and for the rest of the machine. */
interface OwnNetworkOptions {
  readonly environment: Environment;
  /** These versions are built before the process moves to the new network. */
  readonly versions: readonly KubernetesVersion[];
  /** Gives the tests a writable `/etc`, and ends all their processes with the test. @default false */
  readonly ownMachine?: boolean;
  /** Time limit for all tests of the file. @default 240000 */
  readonly timeoutMs?: number;
}

const ownMachineFlags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
// Changes of /etc are written to memory, in a layer above the /etc of the machine.
const ownEtc =
  'mount -t tmpfs tmpfs /mnt && mkdir /mnt/written /mnt/work && ' +
  'mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/written,workdir=/mnt/work /etc';

/**
 * Runs a test file a second time in its own network, in which it may use any address and port. Only that second run
 * declares `tests`. Needs root, or a user who may create user namespaces.
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
    // The build needs the network of the machine.
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
      // Otherwise the second run would report in a format for the parent process of the first run.
      { environment: { ...environment, NODE_TEST_CONTEXT: undefined, [marker]: '1' }, timeoutMs },
    );
    context.diagnostic(stdout);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  });
}

/** Adds an address to the loopback interface of this network, unless the interface has it. */
export async function addAddress(address: string, environment: Environment): Promise<void> {
  const added = await runCommand('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo'], {
    environment,
    timeoutMs: 10_000,
  });
  assert.equal(added.code, 0, added.stderr);
}

/** The address of a listener. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/**
 * Does what kube-proxy does for a Service: forwards each new connection to one of the current pods, in turn. A
 * connection stays with its pod. If there is no pod, the connection is refused.
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
