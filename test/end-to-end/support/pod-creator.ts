import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ControlPlane } from './control-plane.ts';
import type { Call } from './load.ts';

/** Creates pods over kept connections, each with a new name. */
interface PodCreator extends Disposable {
  readonly call: Call;
}

/** The answer of the API server to a pod. */
interface PodAnswer {
  readonly status: number;
  /** The message of a refusal, or the pod that was created. */
  readonly message: string;
}

/** Sends pods to the API server over kept connections, as `admin`. */
export interface PodSender extends Disposable {
  readonly send: (pod: object) => Promise<PodAnswer>;
}

/** Opens a sender that creates pods in one namespace. */
export async function openPodSender(
  { url, kubeconfig }: Pick<ControlPlane, 'url' | 'kubeconfig'>,
  { connections, namespace }: { readonly connections: number; readonly namespace: string },
): Promise<PodSender> {
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
  const target = `${url}/api/v1/namespaces/${namespace}/pods`;
  return {
    send: (pod) => {
      const { promise, resolve, reject } = Promise.withResolvers<PodAnswer>();
      const outgoing = request(
        target,
        { method: 'POST', agent, headers },
        (answer) =>
          void text(answer).then(
            (body) => resolve({ status: answer.statusCode ?? 0, message: messageOf(body) }),
            reject,
          ),
      );
      outgoing.on('error', reject);
      outgoing.end(JSON.stringify(pod));
      return promise;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

/** Creates pods in the namespace `default`. No admission plugin refuses them. */
export async function openPodCreator(
  controlPlane: Pick<ControlPlane, 'url' | 'kubeconfig'>,
  connections: number,
): Promise<PodCreator> {
  const sender = await openPodSender(controlPlane, { connections, namespace: 'default' });
  let created = 0;
  return {
    call: async () => {
      created += 1;
      const { status, message } = await sender.send({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${created}` },
        spec: { containers: [{ name: 'web', image: 'nginx:1.27.3' }] },
      });
      return status === 201 ? undefined : `${status}: ${message}`;
    },
    [Symbol.dispose]: () => sender[Symbol.dispose](),
  };
}

function messageOf(body: string): string {
  return (JSON.parse(body) as { message?: string }).message ?? body;
}
