import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerProgram } from './processes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundle = join(root, 'dist', 'main.js');

/** The path of each protocol. The Go program has the same paths. */
const PATHS = { AdmissionReview: '/', ImageReview: '/image_policy' } as const;

/** Files of the certificate of all servers. */
export interface ServingFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The smallest webhook for Node. */
export async function bareServer(name: string, { certificate, key }: ServingFiles): Promise<ServerProgram> {
  const port = await freePort();
  const command = [
    process.execPath,
    join(root, 'bench', 'bare-server.js'),
    certificate,
    key,
    String(port),
  ] as const;
  return { name, command, port, paths: PATHS, judges: false };
}

/** The flags that docs/cli.md recommends if memory is limited. */
const DOCUMENTED_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=60'];

/** The bundle, with policy, decision log and metrics, started as documented. */
export async function gate(
  name: string,
  { certificate, key }: ServingFiles,
  nodeFlags: readonly string[] = DOCUMENTED_FLAGS,
): Promise<ServerProgram> {
  if (!existsSync(bundle)) throw new Error('dist/main.js is missing: npm run build makes it');
  const port = await freePort();
  const files = ['--cert', certificate, '--key', key, '--policy', join(root, 'bench', 'policy.yaml')];
  const ports = ['--port', String(port), '--health-port', String(await freePort()), '--bind', '127.0.0.1'];
  const flags = ['--disable-sigusr1', ...nodeFlags];
  const command = [process.execPath, ...flags, bundle, 'serve', ...files, ...ports, '--drain', '0'] as const;
  return { name, command, port, paths: PATHS, judges: true };
}

/** A checkout, started with `npm start`. The folder keeps its certificate between starts. */
export async function checkout(name: string, stateFolder: string): Promise<ServerProgram> {
  const port = await freePort();
  const ports = ['--port', String(port), '--health-port', String(await freePort()), '--bind', '127.0.0.1'];
  const options = ['--state-dir', stateFolder, ...ports, '--drain', '0'];
  return {
    name,
    command: ['npm', '--prefix', root, 'start', '--silent', '--', ...options],
    port,
    paths: PATHS,
    judges: true,
  };
}

/** The Go program that this one replaces, if `GO_BOUNCER` is the path of its binary. */
export async function goBouncer({ certificate, key }: ServingFiles): Promise<ServerProgram | undefined> {
  const binary = process.env['GO_BOUNCER'];
  if (binary === undefined) return undefined;
  const port = await freePort();
  const command = [binary, '-c', certificate, '-k', key, '-p', String(port)] as const;
  return { name: 'Go program', command, port, paths: PATHS, judges: false };
}

/** Ports already used in this run. The kernel may offer a port again before a server listens on it. */
const given = new Set<number>();

async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}
