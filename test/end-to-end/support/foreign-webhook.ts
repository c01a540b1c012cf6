import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Authority } from '../../../src/certificate/authority.ts';

/** A foreign webhook that refuses every review, at every path. */
export interface ForeignWebhook extends AsyncDisposable {
  readonly url: string;
}

/** Starts one on a free port of loopback. */
export async function startForeignWebhook(
  authority: Authority,
  validity: { readonly notBefore: Date; readonly days: number },
): Promise<ForeignWebhook> {
  const { certificate, key } = await authority.issueServing({
    commonName: 'stranger',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    ...validity,
  });
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const {
        apiVersion,
        kind,
        request: asked,
      } = JSON.parse(Buffer.concat(chunks).toString()) as {
        apiVersion: string;
        kind: string;
        request: { uid: string };
      };
      const answer = { uid: asked.uid, allowed: false, status: { code: 403, message: 'never' } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion, kind, response: answer }));
    });
  });
  // The API server closes the connection to a server whose certificate it does not trust.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
