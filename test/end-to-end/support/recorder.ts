import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Authority, KeyPair } from '../../../src/certificate/authority.ts';
import type { Environment } from '../../control-plane/binaries.ts';
import { eventually } from './eventually.ts';
import type { Gate } from './gate.ts';
import { normaliseExchange } from './normalise.ts';
import type { Exchange } from './normalise.ts';

/** Describes one exchange to record. */
interface Recording {
  /** The name of the file: `NN-what-it-shows`. */
  readonly name: string;
  /** Only an exchange about this namespace is recorded, so that a retry of a controller elsewhere is ignored. */
  readonly namespace: string;
}

/** Runs between the API server and the gate if `RECORD=1` is set, and records the exchanges that a test selects. */
export interface Recorder extends AsyncDisposable {
  /** The address for the API server: the recorder, or the gate if nothing is recorded. */
  readonly url: string;
  /** Runs `action` and records the first exchange that it causes. */
  readonly record: <Result>(recording: Recording, action: () => Promise<Result>) => Promise<Result>;
}

/** The options of a recorder. */
interface RecorderOptions {
  readonly environment: Environment;
  readonly authority: Authority;
  readonly gate: Gate;
  /** The certificate that the recorder presents to a gate that requires one. */
  readonly client: KeyPair;
  /** The version of the API server, which is the name of the folder for the files. */
  readonly version: string;
}

const recordings = fileURLToPath(new URL('../../recordings', import.meta.url));
const greatestFileBytes = 20_000;

/** Starts the recorder if the environment requests it. Otherwise the API server calls the gate directly. */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  if (options.environment['RECORD'] !== '1') {
    return {
      url: options.gate.url,
      record: async (_recording, action) => action(),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  let kept: Exchange[] = [];
  const server = await startProxy(options, (exchange) => kept.push(exchange));
  return {
    url: server.url,
    record: async (recording, action) => {
      kept = [];
      const result = await action();
      const exchange = await eventually(`an exchange about namespace ${recording.namespace}`, async () =>
        kept.find(({ request }) => namespaceOf(request) === recording.namespace),
      );
      await writeRecording(options, recording.name, exchange);
      return result;
    },
    [Symbol.asyncDispose]: server.close,
  };
}

async function startProxy(
  options: RecorderOptions,
  keep: (exchange: Exchange) => void,
): Promise<{ url: string; close: () => Promise<void> }> {
  const pair = await options.authority.issueServing({
    commonName: 'recorder',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    notBefore: new Date(),
    days: 1,
  });
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await readBody(incoming);
    const { status, contentType, answer } = await forward(options, incoming, body);
    const { pathname, search } = new URL(incoming.url ?? '/', options.gate.url);
    keep({
      path: pathname,
      query: search.slice(1),
      request: JSON.parse(body.toString()),
      status,
      response: JSON.parse(answer.toString()),
    });
    outgoing.writeHead(status, { 'content-type': contentType, 'content-length': answer.length }).end(answer);
  };
  const server = createServer({ cert: pair.certificate, key: pair.key }, (incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function forward(
  { gate, authority, client }: RecorderOptions,
  incoming: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; contentType: string; answer: Buffer }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(
      `${gate.url}${incoming.url ?? '/'}`,
      {
        method: incoming.method,
        ca: authority.certificate,
        cert: client.certificate,
        key: client.key,
        // The gate may have restarted, so each exchange uses a new connection.
        agent: false,
        headers: { 'content-type': incoming.headers['content-type'] ?? '', 'content-length': body.length },
        timeout: 30_000,
      },
      resolve,
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error('the gate did not answer the recorder within 30 s')),
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return {
    status: answer.statusCode ?? 0,
    contentType: answer.headers['content-type'] ?? '',
    answer: await readBody(answer),
  };
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** `AdmissionReview` and `ImageReview` have the namespace in different fields. */
function namespaceOf(review: unknown): string | undefined {
  const { request, spec } = review as { request?: { namespace?: string }; spec?: { namespace?: string } };
  return request?.namespace ?? spec?.namespace;
}

async function writeRecording(options: RecorderOptions, name: string, exchange: Exchange): Promise<void> {
  const { policy, language } = options.gate.settings();
  const recording = {
    ...normaliseExchange(exchange),
    policy: policy ?? 'default',
    ...(language === undefined ? {} : { language }),
  };
  const text = `${JSON.stringify(recording, undefined, 2)}\n`;
  if (Buffer.byteLength(text) > greatestFileBytes) {
    throw new Error(
      `recording ${name} would take more than ${greatestFileBytes} bytes: use a smaller object`,
    );
  }
  const folder = `${recordings}/${options.version}`;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/${name}.json`, text);
}
