/** Limits on memory and time for one client, and for all clients together. */
export interface Limits {
  /**
   * Maximum body, in bytes. controller-runtime accepts 7 MiB: an object has at most 3 MiB, and an UPDATE contains two.
   *
   * @see https://github.com/kubernetes-sigs/controller-runtime/blob/main/pkg/webhook/admission/http.go
   */
  readonly bodyBytes: number;
  /** All bodies that are being received or wait for their decision, in bytes. */
  readonly receivingBytes: number;
  /** Request line and headers, in bytes. */
  readonly headerBytes: number;
  readonly headerCount: number;
  /** A longer body, in bytes, is large: only one large body is parsed in a turn of the event loop. */
  readonly largeBytes: number;
  /** A body with more images is large, too. */
  readonly largeImages: number;
  /** Reviews that were received completely and are not decided yet. */
  readonly queuedReviews: number;
  /** Maximum wait of a small review for its turn. A large one waits until the timeout of its caller. */
  readonly queueMs: number;
  /** Maximum time for decisions before the event loop handles its sockets again. */
  readonly sliceMs: number;
  /** At this number the connection that is idle for longest is closed for a new one. */
  readonly connections: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** Longer than the 90 s after which Go's client closes idle connections, because its POST on a closed one fails. */
  readonly keepAliveTimeoutMs: number;
  /** Interval at which the two timeouts of a request are checked. */
  readonly checkIntervalMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 7 * 1024 * 1024,
  receivingBytes: 24 * 1024 * 1024,
  headerBytes: 16 * 1024,
  headerCount: 100,
  largeBytes: 256 * 1024,
  largeImages: 64,
  queuedReviews: 4096,
  queueMs: 2000,
  sliceMs: 20,
  connections: 4096,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
  handshakeTimeoutMs: 5000,
  keepAliveTimeoutMs: 120_000,
  checkIntervalMs: 1000,
};
