import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubernetesClient } from '../../src/kubernetes/client.ts';

/** An HTTP server in the place of an API server, and a client of it. */
interface ClusterServer extends AsyncDisposable {
  readonly cluster: KubernetesClient;
}

/** Starts a server on a free port of loopback. The listener answers each request of the client. */
export async function serveCluster(listener: RequestListener): Promise<ClusterServer> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cluster = new KubernetesClient({
    server: new URL(`http://127.0.0.1:${port}`),
    authenticate: async () => ({ agent: false }),
  });
  const close = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
  };
  return { cluster, [Symbol.asyncDispose]: close };
}
