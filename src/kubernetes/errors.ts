export type KubernetesErrorCode =
  /** No cluster can be found: the kubeconfig is missing, unreadable, or names nothing that is there. */
  | 'KUBECONFIG_INVALID'
  /** The API server did not answer: network, TLS, time. */
  | 'CLUSTER_UNREACHABLE'
  /** The API server answered with a failure; {@link KubernetesError.status} and `reason` say which. */
  | 'CLUSTER_REFUSED'
  /** The API server, or a program that speaks for it, answered with something that is no Kubernetes object. */
  | 'CLUSTER_ANSWER_UNREADABLE';

/** A request to a cluster came to nothing. Its message holds the API server's own words, never a credential. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly code: KubernetesErrorCode;
  /** HTTP status of the answer, when there was one. */
  readonly status: number | undefined;
  /** `Status.reason` of the answer, such as `Forbidden` or `Conflict`. */
  readonly reason: string | undefined;

  constructor(
    code: KubernetesErrorCode,
    message: string,
    options: ErrorOptions & { readonly status?: number; readonly reason?: string | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = options.status;
    this.reason = options.reason;
  }
}
