import { type Connection, type KubernetesAnswer, type KubernetesRequest, sendRequest } from './connection.ts';
import { KubernetesError } from './errors.ts';
import { describeObject, type KubernetesObject, type ObjectReference, referenceOf } from './object.ts';
import { pathOf } from './resources.ts';
import { type KubernetesVersion, parseKubernetesVersion } from './version.ts';
import { isObject } from '../document/json.ts';

/** The name of this program in `metadata.managedFields`. */
const FIELD_MANAGER = 'kube-image-bouncer';

/** Objects in one page: 5,000 pods take ten requests, and a page has a few megabytes. */
const PAGE_OBJECTS = 500;

interface WriteOptions {
  /** A dry run: the API server does everything, also admission, but does not store the object. @default false */
  readonly dryRun?: boolean;
}

interface ApplyOptions extends WriteOptions {
  /** Overwrites fields that another manager has set. @default false */
  readonly force?: boolean;
}

interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/**
 * A client of the API server. It sends and returns JSON, has no cache, and keeps all fields.
 *
 * Every method throws {@link KubernetesError}: CLUSTER_UNREACHABLE, CLUSTER_REFUSED with the message of the API server
 * (also a refusal by an admission webhook), or CLUSTER_ANSWER_UNREADABLE.
 */
export class KubernetesClient {
  /** `https://host:port`, for messages. */
  readonly server: string;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.server = connection.server.origin;
    this.#connection = connection;
  }

  /** Sends any request. Throws only if there is no answer. */
  send(request: KubernetesRequest): Promise<KubernetesAnswer> {
    return sendRequest(this.#connection, request);
  }

  async version(): Promise<KubernetesVersion> {
    const document = await this.#request({ method: 'GET', path: '/version' }, '/version');
    const text = isObject(document) ? document['gitVersion'] : undefined;
    const version = typeof text === 'string' ? parseKubernetesVersion(text) : undefined;
    if (version !== undefined) return version;
    throw new KubernetesError('CLUSTER_ANSWER_UNREADABLE', `${this.server}/version contains no version`);
  }

  /** The object; `undefined` if the object or its kind does not exist. */
  async get(reference: ObjectReference): Promise<KubernetesObject | undefined> {
    const answer = await this.send({ method: 'GET', path: pathOf(reference) });
    return answer.status === 404 ? undefined : decodeObject(answer, describeObject(reference));
  }

  /** All objects of a kind, in one namespace or in all. None if the API server does not serve the kind. */
  async *list(
    collection: { readonly apiVersion: string; readonly kind: string; readonly namespace?: string },
    options: ListOptions = {},
  ): AsyncGenerator<KubernetesObject> {
    const { apiVersion, kind } = collection;
    let next: string | undefined;
    do {
      const answer = await this.send({
        method: 'GET',
        path: pathOf(collection),
        query: { ...options, limit: String(PAGE_OBJECTS), continue: next },
      });
      if (answer.status === 404) return;
      const page = decodePage(answer, `list of ${kind}`);
      // The items of a list have no apiVersion and no kind.
      for (const item of page.items) yield { ...item, apiVersion, kind } as KubernetesObject;
      next = page.next;
    } while (next !== undefined);
  }

  create(object: KubernetesObject, options: WriteOptions = {}): Promise<KubernetesObject> {
    const { name, ...collection } = referenceOf(object);
    return this.#write(
      { method: 'POST', path: pathOf(collection), body: object },
      options,
      object.kind,
      name,
    );
  }

  /** Server-side apply: creates the object, or changes only the fields in `object`. */
  apply(object: KubernetesObject, { force, ...options }: ApplyOptions = {}): Promise<KubernetesObject> {
    const request: KubernetesRequest = {
      method: 'PATCH',
      path: pathOf(referenceOf(object)),
      // JSON is YAML.
      contentType: 'application/apply-patch+yaml',
      query: { force: force === true ? 'true' : undefined },
      body: object,
    };
    return this.#write(request, options, object.kind, object.metadata.name);
  }

  /** Replaces the object, if it has not changed since `metadata.resourceVersion`. */
  replace(object: KubernetesObject, options: WriteOptions = {}): Promise<KubernetesObject> {
    const path = pathOf(referenceOf(object));
    return this.#write({ method: 'PUT', path, body: object }, options, object.kind, object.metadata.name);
  }

  /** @see https://www.rfc-editor.org/rfc/rfc6902 */
  patch(
    reference: ObjectReference,
    operations: readonly object[],
    options: WriteOptions = {},
  ): Promise<KubernetesObject> {
    const request: KubernetesRequest = {
      method: 'PATCH',
      path: pathOf(reference),
      contentType: 'application/json-patch+json',
      body: operations,
    };
    return this.#write(request, options, reference.kind, reference.name);
  }

  /** False if the object did not exist. */
  async delete(reference: ObjectReference): Promise<boolean> {
    const answer = await this.send({
      method: 'DELETE',
      path: pathOf(reference),
      query: { propagationPolicy: 'Background' },
    });
    if (answer.status === 404) return false;
    refuseFailure(answer, describeObject(reference));
    return true;
  }

  async #write(
    request: KubernetesRequest,
    { dryRun }: WriteOptions,
    kind: string,
    name: string,
  ): Promise<KubernetesObject> {
    const query = {
      ...request.query,
      fieldManager: FIELD_MANAGER,
      dryRun: dryRun === true ? 'All' : undefined,
    };
    return decodeObject(await this.send({ ...request, query }), `${kind} ${name}`);
  }

  async #request(request: KubernetesRequest, what: string): Promise<unknown> {
    const answer = await this.send(request);
    refuseFailure(answer, what);
    return answer.document;
  }
}

function refuseFailure({ status, document }: KubernetesAnswer, what: string): void {
  if (status >= 200 && status < 300) return;
  const { message, reason } = isObject(document) ? document : {};
  // Status.message does not always name the object.
  const words = typeof message === 'string' && message !== '' ? message : `HTTP status ${status}`;
  throw new KubernetesError('CLUSTER_REFUSED', `${what}: ${words}`, {
    status,
    reason: typeof reason === 'string' ? reason : undefined,
  });
}

function decodeObject(answer: KubernetesAnswer, what: string): KubernetesObject {
  refuseFailure(answer, what);
  const { document } = answer;
  if (
    isObject(document) &&
    typeof document['apiVersion'] === 'string' &&
    typeof document['kind'] === 'string' &&
    isObject(document['metadata'])
  )
    return document as KubernetesObject;
  throw new KubernetesError('CLUSTER_ANSWER_UNREADABLE', `${what}: the answer is not a Kubernetes object`);
}

function decodePage(
  answer: KubernetesAnswer,
  what: string,
): { readonly items: readonly object[]; readonly next: string | undefined } {
  refuseFailure(answer, what);
  const { items, metadata } = isObject(answer.document) ? answer.document : {};
  const next = isObject(metadata) ? metadata['continue'] : undefined;
  if (!Array.isArray(items))
    throw new KubernetesError('CLUSTER_ANSWER_UNREADABLE', `${what}: the answer is not a list`);
  return { items: items as object[], next: typeof next === 'string' && next !== '' ? next : undefined };
}
