import type { X509Certificate } from 'node:crypto';

/** The certificates that are served at an address, the leaf first; rejects when nothing answers in time. */
export type FetchChain = (address: {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}) => Promise<readonly X509Certificate[]>;
