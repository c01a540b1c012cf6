import type { X509Certificate } from 'node:crypto';

/** The certificates that this machine received from the address of a webhook or of a kubeconfig. */
export interface ServedCertificate {
  /** `https://host:port` or `Service namespace/name`. */
  readonly address: string;
  /** The name by which the API server calls the gate. */
  readonly serverName: string;
  /** The certificates, the leaf first; or the reason why there are none. */
  readonly chain: readonly X509Certificate[] | string;
}

/** Reads the certificates that are served at an address, the leaf first. Rejects if there is no answer in time. */
export type FetchChain = (address: {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}) => Promise<readonly X509Certificate[]>;
