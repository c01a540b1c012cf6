import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ControlPlane } from './control-plane.ts';
import type { Call } from './load.ts';

/** Creates pods over kept connections, each of another name. */
export interface PodCreator extends Disposable {
  readonly call: Call;
}

/** A creator of pods that nobody objects to, in the namespace `default`. */
export async function openPodCreator(
  { url, kubeconfig }: Pick<ControlPlane, 'url' | 'kubeconfig'>,
  connections: number,
): Promise<PodCreator> {
  const config = JSON.parse(await readFile(kubeconfig, 'utf8')) as {
    clusters: [{ cluster: { 'certificate-authority': string } }];
    users: [{ user: { token: string } }];
  };
  const ca = await readFile(config.clusters[0].cluster['certificate-authority']);
  const agent = new Agent({ keepAlive: true, maxSockets: connections, ca });
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${config.users[0].user.token}`,
  };
  let created = 0;
  const call: Call = () => {
    created += 1;
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    const asked = request(
      `${url}/api/v1/namespaces/default/pods`,
      { method: 'POST', agent, headers },
      (answer) =>
        void text(answer).then(
          (body) =>
            resolve(answer.statusCode === 201 ? undefined : `${answer.statusCode}: ${messageOf(body)}`),
          reject,
        ),
    );
    asked.on('error', reject);
    asked.end(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${created}` },
        spec: { containers: [{ name: 'web', image: 'nginx:1.27.3' }] },
      }),
    );
    return promise;
  };
  return { call, [Symbol.dispose]: () => agent.destroy() };
}

function messageOf(body: string): string {
  return (JSON.parse(body) as { message?: string }).message ?? body;
}
