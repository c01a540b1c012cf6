import { CodedError } from '../coded-error.ts';

type KubernetesErrorCode =
  /** No cluster is configured: the kubeconfig is missing or unreadable, or its context does not exist. */
  | 'KUBECONFIG_INVALID'
  /** The API server did not answer: network, TLS or timeout. */
  | 'CLUSTER_UNREACHABLE'
  /** The API server answered with an error; see {@link KubernetesError.status} and `reason`. */
  | 'CLUSTER_REFUSED'
  /** The answer is not a Kubernetes object. It may come from a proxy in front of the API server. */
  | 'CLUSTER_ANSWER_UNREADABLE';

/** A request to a cluster failed. The message quotes the API server, and never contains a credential. */
export class KubernetesError extends CodedError<KubernetesErrorCode> {
  override readonly name = 'KubernetesError';
  /** HTTP status of the answer, if there was one. */
  readonly status: number | undefined;
  /** `Status.reason` of the answer, such as `Forbidden` or `Conflict`. */
  readonly reason: string | undefined;

  constructor(
    code: KubernetesErrorCode,
    message: string,
    options: ErrorOptions & { readonly status?: number; readonly reason?: string | undefined } = {},
  ) {
    super(code, message, options);
    this.status = options.status;
    this.reason = options.reason;
  }
}
