import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesRequest } from '../kubernetes/connection.ts';
import { CANARY_IMAGE, createOnTrial, sendCanary, sendWebhookCanary } from './canary.ts';

const OURS = 'images.kube-image-bouncer.io';
const ADMITTED = { status: 201 };

interface Said {
  readonly status: number;
  readonly message?: string;
  readonly reason?: string;
  readonly warnings?: readonly string[];
}

/** An API server that answers by the kind of the object, and keeps the requests. */
function apiServer(answers: Readonly<Record<string, Said>>): Pick<KubernetesClient, 'send'> & {
  readonly requests: KubernetesRequest[];
} {
  const requests: KubernetesRequest[] = [];
  return {
    requests,
    send: async (request) => {
      requests.push(request);
      const { kind } = request.body as { kind: string };
      const { status, warnings = [], ...document } = answers[kind] ?? assert.fail(kind);
      return { status, document, warnings };
    },
  };
}

const denied = (webhook: string): Said => ({
  status: 403,
  message: `admission webhook "${webhook}" denied the request: no`,
});
const quota: Said = { status: 403, message: 'pods "p" is forbidden: exceeded quota: q' };
const byPlugin: Said = {
  status: 403,
  message: 'pods "p" is forbidden: image policy webhook backend denied one or more images: no',
};

describe('a canary', () => {
  it('is created in a dry run, with an annotation that no earlier one had', async () => {
    const server = apiServer({ Pod: ADMITTED });
    await sendCanary(server, { namespace: 'default' });
    await sendCanary(server, { namespace: 'default' });
    for (const { method, path, query } of server.requests)
      assert.deepEqual([method, path, query], ['POST', '/api/v1/namespaces/default/pods', { dryRun: 'All' }]);
    const annotations = server.requests.map(({ body }) =>
      JSON.stringify((body as { metadata: { annotations: object } }).metadata.annotations),
    );
    assert.match(annotations[0] ?? '', /\.image-policy\.k8s\.io\//);
    assert.notEqual(annotations[0], annotations[1]);
  });

  it('holds one restricted pod, whatever its kind', async () => {
    const server = apiServer({ Pod: ADMITTED, Deployment: ADMITTED, PodTemplate: ADMITTED });
    for (const kind of ['Pod', 'Deployment', 'PodTemplate'] as const)
      await sendCanary(server, { namespace: 'default', kind });
    const [pod, deployment, template] = server.requests.map(
      ({ body }) => body as Record<'spec' | 'template', { template?: { spec: object }; spec?: object }>,
    );
    const spec = pod?.spec as { containers: readonly { image: string; resources: object }[] };
    assert.equal(spec.containers[0]?.image, CANARY_IMAGE);
    assert.ok(spec.containers[0]?.resources, 'a quota may demand resources');
    assert.deepEqual(deployment?.spec.template?.spec, spec);
    assert.deepEqual(template?.template.spec, spec);
  });

  it('is refused by a gate: the plugin, a webhook in our domain, or one that is known to call the gate', async () => {
    const outcome = async (said: Said): Promise<string> =>
      (
        await sendCanary(apiServer({ Pod: said }), {
          namespace: 'n',
          webhooks: new Set(['by.hand.example']),
        })
      ).outcome;
    assert.equal(await outcome(denied(OURS)), 'refused');
    assert.equal(await outcome(denied('by.hand.example')), 'refused');
    assert.equal(await outcome(byPlugin), 'refused');
    assert.equal(await outcome(denied('policy.example.com')), 'undecided');
    assert.equal(await outcome(quota), 'undecided');
  });

  it('is admitted if an object of its name exists, because that is checked after admission', async () => {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'n' } };
    const exists: Said = { status: 409, reason: 'AlreadyExists', message: 'pods "p" already exists' };
    assert.equal((await createOnTrial(apiServer({ Pod: exists }), object)).outcome, 'admitted');
  });
});

describe('the canary of a webhook', () => {
  const verdict = async (answers: Readonly<Record<string, Said>>): Promise<string> =>
    (await sendWebhookCanary(apiServer(answers), 'default')).outcome;

  it('is warned about only if a warning is about its image', async () => {
    assert.equal(await verdict({ Pod: { ...ADMITTED, warnings: [`${CANARY_IMAGE}: no`] } }), 'warned');
    assert.equal(await verdict({ Pod: { ...ADMITTED, warnings: ['deprecated'] } }), 'admitted');
  });

  it('is sent as a template if something before the webhooks refuses the pod', async () => {
    for (const pod of [quota, byPlugin]) {
      assert.equal(await verdict({ Pod: pod, PodTemplate: denied(OURS) }), 'refused');
      assert.equal(await verdict({ Pod: pod, PodTemplate: ADMITTED }), 'stopped');
      assert.equal(await verdict({ Pod: pod, PodTemplate: quota }), 'stopped');
    }
  });

  it('is unanswered if the API server cannot call the gate', async () => {
    const failed = { status: 500, message: `Internal error occurred: failed calling webhook "${OURS}": EOF` };
    assert.equal(await verdict({ Pod: failed }), 'unanswered');
  });
});
