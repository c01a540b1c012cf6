import {
  CertificateStore,
  type CertificateReload,
  type CertificateStoreOptions,
} from '../certificate/certificate-store.ts';
import { readClientAuthorities } from '../certificate/client-authorities.ts';
import { nameOf, namesOf, warningTime } from '../certificate/inspect.ts';
import { ensureSelfSigned } from '../certificate/self-signed.ts';
import { findUseFaults } from '../certificate/use.ts';
import type { Log } from '../telemetry/log.ts';
import type { CertificateName, Metrics } from '../telemetry/metrics.ts';
import type { ReviewServer } from './server.ts';
import type { TlsOptions } from './tls.ts';

/** The source of the serving certificate. */
export type CertificateSource =
  | {
      readonly kind: 'files';
      readonly certificateFile: string;
      readonly keyFile: string;
      /** Content of the files, PEM. */
      readonly certificate: string;
      readonly key: string;
    }
  | { readonly kind: 'self-signed'; readonly folder: string; readonly names: readonly string[] }
  /** Plain HTTP, like the Go program without a certificate. */
  | { readonly kind: 'none' };

/** The clients that may call the gate. They identify themselves by a client certificate. */
interface ClientSettings {
  readonly file: string;
  /** Content of the file, PEM. */
  readonly authority: string;
  /** Names that client certificates must have one of. If it is empty, every client of the authority may call. */
  readonly names: readonly string[];
}

/** The certificates that a server follows. */
export interface CertificateSettings {
  readonly source: CertificateSource;
  readonly client: ClientSettings | undefined;
}

/** The certificates of a server at its start, and their files. */
export interface OpenedCertificate {
  /** `undefined`: plain HTTP. */
  readonly tls: TlsOptions | undefined;
  readonly files: { readonly certificate: string; readonly key: string } | undefined;
  /** CA that clients have to trust, if it was made here. */
  readonly authorityFile: string | undefined;
}

/** Reloads the server's certificates when their files change. */
export interface FollowedCertificates extends AsyncDisposable {
  readonly reload: () => Promise<void>;
  /** A problem that does not prevent connections. */
  readonly detail: () => string | undefined;
}

interface CertificateWitnesses {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/** A self-signed leaf is renewed when a third of its 90 days is left, so two checks a day are enough. */
const RENEWAL_CHECK_MS = 12 * 3_600_000;
const EXPIRY_CHECK_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** @throws {CertificateError} NAME_INVALID for a name that no certificate can have; another code if the folder cannot be used. */
export async function openCertificate(
  { source, client }: CertificateSettings,
  now: () => Date,
): Promise<OpenedCertificate> {
  const clients =
    client === undefined ? {} : { clientAuthority: client.authority, clientNames: client.names };
  switch (source.kind) {
    case 'none':
      return { tls: undefined, files: undefined, authorityFile: undefined };
    case 'files':
      return {
        tls: { certificate: source.certificate, key: source.key, ...clients },
        files: { certificate: source.certificateFile, key: source.keyFile },
        authorityFile: undefined,
      };
    case 'self-signed': {
      const { authorityFile, certificateFile, keyFile, pair } = await ensureSelfSigned({ ...source, now });
      const files = { certificate: certificateFile, key: keyFile };
      return { tls: { ...pair, ...clients }, files, authorityFile };
    }
  }
}

/** Follows the files of the serving certificate and of the client CA, and renews a self-signed certificate. */
export function followCertificates(
  server: ReviewServer,
  { tls, files }: OpenedCertificate,
  { source, client }: CertificateSettings,
  witnesses: CertificateWitnesses,
): FollowedCertificates {
  const resources = new AsyncDisposableStack();
  const stores: CertificateStore[] = [];
  const follow = (
    name: CertificateName,
    parts: Pick<CertificateStoreOptions, 'files' | 'texts' | 'activate'>,
  ) => {
    const onReload = (reload: CertificateReload): void => report(name, reload, server, witnesses);
    const store = resources.use(new CertificateStore({ ...parts, onReload }));
    witnesses.metrics.certificateReloaded(name, 'success');
    store.watch();
    stores.push(store);
  };
  reportUse('serving', server, witnesses);
  reportUse('clients', server, witnesses);
  if (tls !== undefined && files !== undefined) {
    follow('serving', {
      files: [files.certificate, files.key],
      texts: [tls.certificate, tls.key],
      activate: ([certificate = '', key = '']) => server.replaceCertificate({ certificate, key }),
    });
  }
  if (client !== undefined) {
    recordClientExpiry(client.authority, witnesses);
    follow('clients', {
      files: [client.file],
      texts: [client.authority],
      activate: ([authority = '']) => {
        server.replaceClientAuthority(authority);
        recordClientExpiry(authority, witnesses);
      },
    });
  }
  const reload = async (): Promise<void> => {
    await Promise.all(stores.map((store) => store.reload()));
  };
  if (source.kind === 'self-signed')
    resources.defer(every(RENEWAL_CHECK_MS, () => void renew(source, witnesses, reload)));
  resources.use(watchExpiry(server, witnesses));
  const detail = (): string | undefined => {
    const problem = stores.map((store) => store.problem()).find((found) => found !== undefined);
    if (problem !== undefined) return `the last good one stays active: ${problem.message}`;
    const [useless] = [...problemsOf('serving', server), ...problemsOf('clients', server)];
    if (useless !== undefined) return useless;
    return renderExpiry(server, witnesses.now());
  };
  return { reload, detail, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Calls back at an interval until the returned function is called. */
function every(intervalMs: number, callback: () => void): () => void {
  const timer = setInterval(callback, intervalMs).unref();
  return () => clearInterval(timer);
}

/** Makes a new certificate when it is time, and loads it. */
async function renew(
  source: CertificateSource & { kind: 'self-signed' },
  { log, now }: CertificateWitnesses,
  reload: () => Promise<void>,
): Promise<void> {
  try {
    await ensureSelfSigned({ ...source, now });
    await reload();
  } catch (error) {
    log.failure('the certificate could not be renewed', error);
  }
}

function report(
  certificate: CertificateName,
  reload: CertificateReload,
  server: ReviewServer,
  { log, metrics }: CertificateWitnesses,
): void {
  switch (reload.result) {
    case 'unchanged':
      return;
    case 'loaded':
      metrics.certificateReloaded(certificate, 'success');
      log.write('info', 'certificate loaded', {
        certificate,
        ...(certificate === 'serving' && describeServing(server, metrics)),
      });
      reportUse(certificate, server, { log });
      return;
    case 'kept':
      metrics.certificateReloaded(certificate, 'failure');
      log.write('error', 'certificate not loaded; the last good one stays active', {
        certificate,
        code: reload.error.code,
        problem: reload.error.message,
      });
  }
}

/** Logs what a certificate that is active cannot be used for. A good one never gives way to it. */
function reportUse(
  certificate: CertificateName,
  server: ReviewServer,
  { log }: Pick<CertificateWitnesses, 'log'>,
): void {
  for (const problem of problemsOf(certificate, server))
    log.write('warn', 'certificate of no use', { certificate, problem });
}

function problemsOf(certificate: CertificateName, server: ReviewServer): readonly string[] {
  if (certificate === 'clients') return server.ignoredClientAuthorities;
  const leaf = server.certificate;
  if (leaf === undefined) return [];
  return findUseFaults(leaf, 'server').map((fault) => `${nameOf(leaf)}: ${fault}`);
}

function describeServing({ certificate }: ReviewServer, metrics: Metrics): object {
  if (certificate === undefined) return {};
  metrics.certificateExpires('serving', certificate.validToDate);
  const { dns, ip } = namesOf(certificate);
  return { expires: certificate.validToDate.toISOString(), names: [...dns, ...ip] };
}

function recordClientExpiry(authority: string, { metrics }: CertificateWitnesses): void {
  const { certificates } = readClientAuthorities(authority);
  const ends = certificates.map(({ validToDate }) => validToDate.getTime());
  metrics.certificateExpires('clients', new Date(Math.min(...ends)));
}

/** Updates the metric with the end of the certificate, and logs a warning once a day if the end is near. */
function watchExpiry(server: ReviewServer, { log, metrics, now }: CertificateWitnesses): Disposable {
  if (server.certificate !== undefined) metrics.certificateExpires('serving', server.certificate.validToDate);
  let last: string | undefined;
  const look = (): void => {
    const expiry = renderExpiry(server, now());
    if (expiry !== undefined && expiry !== last)
      log.write('warn', 'the certificate ends soon', {
        expires: server.certificate?.validToDate.toISOString(),
      });
    last = expiry;
  };
  look();
  return { [Symbol.dispose]: every(EXPIRY_CHECK_MS, look) };
}

/** A sentence about the end of the certificate; `undefined` if the end is not near. */
function renderExpiry({ certificate }: ReviewServer, now: Date): string | undefined {
  if (certificate === undefined || now < warningTime(certificate)) return undefined;
  const days = Math.floor((certificate.validToDate.getTime() - now.getTime()) / DAY_MS);
  return `it ends in ${days} days`;
}
