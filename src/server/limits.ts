/** What one caller, or all of them together, can make the server hold. */
export interface Limits {
  /**
   * A body, in bytes. 7 MiB is what controller-runtime takes: an object may have 3 MiB and an UPDATE carries two.
   *
   * @see https://github.com/kubernetes-sigs/controller-runtime/blob/main/pkg/webhook/admission/http.go
   */
  readonly bodyBytes: number;
  /** Bodies that are being received or wait for their turn, all of them together, in bytes. */
  readonly receivingBytes: number;
  /** Request line and headers, in bytes. */
  readonly headerBytes: number;
  readonly headerCount: number;
  /** A longer body waits for its turn: one of them is read in each turn of the event loop, in bytes. */
  readonly largeBytes: number;
  /** Reviews that have come whole and are not decided yet. */
  readonly queuedReviews: number;
  /** What a review may wait for its turn; a large one waits for as long as its caller does. */
  readonly queueMs: number;
  /** How long the event loop may be busy with reviews before it looks at its sockets again. */
  readonly sliceMs: number;
  /** At this number the connection that was idle for longest gives way to a new one. */
  readonly connections: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** Go's client gives up idle connections after 90 s. It must be first: a POST on a closed one is an error to it. */
  readonly keepAliveTimeoutMs: number;
  /** How often the two timeouts of a request are looked at. */
  readonly checkIntervalMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 7 * 1024 * 1024,
  receivingBytes: 24 * 1024 * 1024,
  headerBytes: 16 * 1024,
  headerCount: 100,
  largeBytes: 256 * 1024,
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
