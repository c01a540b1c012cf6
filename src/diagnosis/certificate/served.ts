import type { X509Certificate } from 'node:crypto';

/** The certificates that a server shows at the address of a webhook or of a kubeconfig, seen from this machine. */
export interface ServedCertificate {
  /** `https://host:port` or `Service namespace/name`. */
  readonly address: string;
  /** The name by which the API server calls the gate. */
  readonly serverName: string;
  /** The leaf first; a text says why no certificate was seen. */
  readonly chain: readonly X509Certificate[] | string;
}

/** Reads the certificates that are served at an address, the leaf first. Rejects when no answer comes in time. */
export type FetchChain = (address: {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}) => Promise<readonly X509Certificate[]>;
