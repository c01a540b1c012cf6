import type { KubernetesClient } from '../../kubernetes/client.ts';
import { KubernetesError } from '../../kubernetes/errors.ts';
import { describeObject, type KubernetesObject, type ObjectReference } from '../../kubernetes/object.ts';
import type { UnreadSource } from '../finding.ts';

interface Collection {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
}

/** Reads objects, and lists the objects that it may not read. */
export class ClusterReader {
  readonly unread: UnreadSource[] = [];
  readonly #client: KubernetesClient;

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  /** All objects of a collection; `undefined` if doctor may not list them. */
  async list(
    collection: Collection,
    options: { readonly labelSelector?: string } = {},
  ): Promise<readonly KubernetesObject[] | undefined> {
    const where = collection.namespace === undefined ? '' : ` of namespace ${collection.namespace}`;
    return this.attempt(`every ${collection.kind}${where}`, async () => {
      const objects: KubernetesObject[] = [];
      for await (const object of this.#client.list(collection, options)) objects.push(object);
      return objects;
    });
  }

  /** The object, `none`, or `unread`. */
  async get(reference: ObjectReference): Promise<KubernetesObject | 'none' | 'unread'> {
    const read = await this.attempt(describeObject(reference), async () => ({
      object: await this.#client.get(reference),
    }));
    return read === undefined ? 'unread' : (read.object ?? 'none');
  }

  /**
   * The result of `read`. If the API server refuses the request: `undefined`, and an entry in `unread`.
   * @throws {KubernetesError} CLUSTER_UNREACHABLE: no further request can succeed.
   */
  async attempt<Value>(subject: string, read: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.code === 'CLUSTER_UNREACHABLE') throw error;
      this.unread.push({ subject, reason: error.message });
      return undefined;
    }
  }
}
