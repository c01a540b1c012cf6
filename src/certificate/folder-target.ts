import { rm } from 'node:fs/promises';
import type { X509Certificate } from 'node:crypto';
import { CertificateError } from './errors.ts';
import { isCurrent, isIssuedBy, parseCertificate, parseCertificates, renderBundle } from './inspect.ts';
import { fetchChain, type LiveAddress } from './live.ts';
import type { PkiFiles } from './pki-folder.ts';
import type { RotationTarget } from './rotation.ts';
import { readText, replaceTexts } from './state-folder.ts';

interface FolderTargetOptions {
  readonly files: PkiFiles;
  /** Address of the gate. Without it only the files are checked. */
  readonly address?: LiveAddress;
  readonly now: () => Date;
}

/** Maximum time for a TLS handshake with the gate. */
const CANARY_TIMEOUT_MS = 5000;

/** The certificates of a gate in files, as on a control-plane node. Each file is replaced as a whole. */
export function folderTarget({ files, address, now }: FolderTargetOptions): RotationTarget {
  const readBundle = async (): Promise<string> => {
    const bundle = await readText(files.authority);
    if (bundle !== undefined) return bundle;
    throw new CertificateError(
      'AUTHORITY_INCOMPLETE',
      `${files.authority}: missing; there is nothing to rotate`,
    );
  };
  const writePair = async (
    places: readonly [certificate: string, key: string],
    pair: { readonly certificate: string; readonly key: string },
  ) => {
    const [certificate, key] = places;
    // The key comes first, so that a process that follows the certificate finds the new key.
    await replaceTexts([
      { file: key, text: pair.key },
      { file: certificate, text: pair.certificate },
    ]);
  };
  const readPair = async (certificate: string, key: string) => ({
    certificate: await readText(certificate),
    key: await readText(key),
  });
  return {
    readTrust: async () => [await readBundle()],
    writeTrust: (bundle) => replaceTexts([{ file: files.authority, text: bundle }]),
    readAuthority: async () => {
      const key = await readText(files.authorityKey);
      return key === undefined ? undefined : { certificate: await readBundle(), key };
    },
    writeAuthority: async (pair) => {
      if (pair === undefined) return rm(files.authorityKey, { force: true });
      // The new certificate is trusted before its key replaces the old one.
      const trusted = parseCertificates(await readBundle());
      await replaceTexts([
        { file: files.authority, text: renderBundle([parseCertificate(pair.certificate), ...trusted]) },
        { file: files.authorityKey, text: pair.key },
      ]);
    },
    readServing: () => readPair(files.certificate, files.key),
    writeServing: (pair) => writePair([files.certificate, files.key], pair),
    readClient: () => readPair(files.clientCertificate, files.clientKey),
    writeClient: (pair) => writePair([files.clientCertificate, files.clientKey], pair),
    canary: async (served) =>
      address === undefined
        ? undefined
        : findServedFault(address, parseCertificates(await readBundle()), served, now()),
  };
}

/** Why a client that trusts these authorities would refuse the gate; `undefined` if it would not. */
async function findServedFault(
  address: LiveAddress,
  trusted: readonly X509Certificate[],
  served: X509Certificate | undefined,
  now: Date,
): Promise<string | undefined> {
  const place = `${address.host}:${address.port}`;
  let chain: readonly X509Certificate[];
  try {
    chain = await fetchChain(address, CANARY_TIMEOUT_MS);
  } catch (error) {
    if (error instanceof CertificateError) return error.message;
    throw error;
  }
  const [leaf] = chain;
  if (leaf === undefined) return `${place} serves no certificate`;
  if (served !== undefined && leaf.fingerprint256 !== served.fingerprint256)
    return `${place} still serves another certificate, from ${leaf.validFrom}`;
  if (!isCurrent(leaf, now))
    return `${place} serves a certificate that is valid from ${leaf.validFrom} to ${leaf.validTo}`;
  const isTrusted = chain.some((certificate) =>
    trusted.some((authority) => isIssuedBy(certificate, authority)),
  );
  return isTrusted ? undefined : `${place} serves a certificate that is not signed by a trusted authority`;
}
