import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, type Authority, type KeyPair } from '../../src/certificate/authority.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';

/** Certificates for tests: one authority for servers, one for clients, and an unknown one. */
interface TestCertificates {
  /** The CA that clients of the gate trust. */
  readonly authority: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly clientAuthorityFile: string;
  /** The key of another certificate. */
  readonly otherKeyFile: string;
  readonly clients: {
    readonly apiServer: ClientPair;
    /** Signed by the right authority for another name. */
    readonly colleague: ClientPair;
    /** Signed by another authority for the right name. */
    readonly impostor: ClientPair;
  };
  /** Writes a further file beside the others. */
  readonly write: (name: string, content: string) => Promise<string>;
}

/** The certificate and key in the form of Node's TLS options. */
interface ClientPair {
  readonly cert: string;
  readonly key: string;
}

/** The client name that the gate accepts. */
export const CLIENT_NAME = 'kube-apiserver';

const validity = { notBefore: new Date(Date.now() - 3_600_000), days: 2 };

async function makeCertificates(): Promise<TestCertificates> {
  const { path: folder } = await makeTemporaryFolder('serve');
  const write = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const [servers, clients, strangers] = await Promise.all(
    ['servers', 'clients', 'strangers'].map((commonName) => createAuthority({ commonName, ...validity })),
  );
  if (servers === undefined || clients === undefined || strangers === undefined) throw new TypeError('three');
  const serving = await servers.issueServing({
    commonName: 'gate',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    ...validity,
  });
  return {
    authority: servers.certificate,
    certificateFile: await write('gate.crt', serving.certificate),
    keyFile: await write('gate.key', serving.key),
    clientAuthorityFile: await write('clients.crt', clients.certificate),
    otherKeyFile: await write('other.key', strangers.key),
    clients: {
      apiServer: await issueClient(clients, CLIENT_NAME),
      colleague: await issueClient(clients, 'another-client'),
      impostor: await issueClient(strangers, CLIENT_NAME),
    },
    write,
  };
}

async function issueClient(authority: Authority, commonName: string): Promise<ClientPair> {
  const { certificate, key }: KeyPair = await authority.issueClient({ commonName, ...validity });
  return { cert: certificate, key };
}

/** Made once for all tests of a process. */
export const certificates: Promise<TestCertificates> = makeCertificates();
