import { request as requestPlain, type Agent, type IncomingHttpHeaders } from 'node:http';
import { request as requestSecure, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { pod } from '../support/pods.ts';
import { admissionReviewOf, imageReviewOfImages } from '../support/reviews.ts';
import type { GateProcess } from './gate-process.ts';

/** The address of the gate, and the certificates that its clients need. */
interface AskOptions extends Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'host'> {
  readonly agent?: Agent;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default POST if there is a body, otherwise GET */
  readonly method?: string;
}

/** The answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A verdict of either protocol. */
interface Verdict {
  readonly allowed: boolean;
  readonly message: string;
}

type Gate = Pick<GateProcess, 'scheme' | 'port'>;

/** Sends a document, or a text unchanged, to a path. */
export function send(gate: Gate, path: string, document: unknown, options: AskOptions = {}): Promise<Answer> {
  const body = typeof document === 'string' ? document : JSON.stringify(document);
  return exchange(gate, path, body, options);
}

/** Reads a page of the health port. */
export function look(gate: Pick<GateProcess, 'healthPort'>, path: string, host?: string): Promise<Answer> {
  return exchange(
    { scheme: 'http', port: gate.healthPort },
    path,
    undefined,
    host === undefined ? {} : { host },
  );
}

async function exchange(
  { scheme, port }: Gate,
  path: string,
  body: string | undefined,
  { headers, host = '127.0.0.1', method = body === undefined ? 'GET' : 'POST', ...options }: AskOptions,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = scheme === 'https' ? requestSecure : requestPlain;
  const outgoing = request(
    // The name in the certificate, for any address.
    {
      ...options,
      host,
      servername: 'localhost',
      port,
      path,
      method,
      headers: { 'content-type': 'application/json', ...headers },
    },
    (response) => {
      text(response).then(
        (received) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }),
        reject,
      );
    },
  );
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}

/** The verdict about a pod with these images, through an `ImageReview`. */
export async function askImages(
  gate: Gate,
  images: readonly string[],
  options?: AskOptions,
): Promise<Verdict> {
  const { body } = await send(gate, '/image_policy', imageReviewOfImages(images), options);
  const { status } = JSON.parse(body) as { status: { allowed: boolean; reason?: string } };
  return { allowed: status.allowed, message: status.reason ?? '' };
}

/** The verdict about a pod with this image, through an `AdmissionReview`. */
export async function askPod(gate: Gate, image: string, options?: AskOptions): Promise<Verdict> {
  const review = admissionReviewOf({ object: pod({ containers: { web: image } }) });
  const { body } = await send(gate, '/', review, options);
  const { response } = JSON.parse(body) as { response: { allowed: boolean; status?: { message: string } } };
  return { allowed: response.allowed, message: response.status?.message ?? '' };
}

/** The value of a metric without labels. */
export async function metricOf(gate: Pick<GateProcess, 'healthPort'>, name: string): Promise<number> {
  const { body } = await look(gate, '/metrics');
  return Number(new RegExp(String.raw`^kube_image_bouncer_${name} (\S+)$`, 'm').exec(body)?.[1]);
}
