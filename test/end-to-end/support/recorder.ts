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

/** Names one exchange to keep. */
interface Recording {
  /** `NN-what-it-shows`: the file's name. */
  readonly name: string;
  /** Only an exchange about this namespace is kept, so that a controller's retries elsewhere cannot slip in. */
  readonly namespace: string;
}

/** Stands between the API server and the gate when `RECORD=1` is set, and keeps the exchanges that a test names. */
export interface Recorder extends AsyncDisposable {
  /** Where the API server is sent: to the recorder, or to the gate itself when nothing is recorded. */
  readonly url: string;
  /** Does what `action` does, and keeps the first exchange that it causes. */
  readonly record: <Result>(recording: Recording, action: () => Promise<Result>) => Promise<Result>;
}

/** What the recorder needs to stand in for the gate. */
interface RecorderOptions {
  readonly environment: Environment;
  readonly authority: Authority;
  readonly gate: Gate;
  /** The pair that the recorder shows to a gate which asks for one. */
  readonly client: KeyPair;
  /** The version of the API server: the name of the folder that receives the files. */
  readonly version: string;
}

const recordings = fileURLToPath(new URL('../../recordings', import.meta.url));
const greatestFileBytes = 20_000;

/** Starts the recorder when the environment asks for it; otherwise everything passes it by. */
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
    const asked = request(
      `${gate.url}${incoming.url ?? '/'}`,
      {
        method: incoming.method,
        ca: authority.certificate,
        cert: client.certificate,
        key: client.key,
        // The gate may have restarted since: a connection of its own for each exchange.
        agent: false,
        headers: { 'content-type': incoming.headers['content-type'] ?? '', 'content-length': body.length },
        timeout: 30_000,
      },
      resolve,
    );
    asked.on('timeout', () => asked.destroy(new Error('the gate did not answer the recorder within 30 s')));
    asked.on('error', reject);
    asked.end(body);
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

/** `AdmissionReview` and `ImageReview` name the namespace in different places. */
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
      `recording ${name} would take more than ${greatestFileBytes} bytes: ask with a smaller object`,
    );
  }
  const folder = `${recordings}/${options.version}`;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/${name}.json`, text);
}
