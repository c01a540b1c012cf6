import {
  CertificateStore,
  type CertificateReload,
  type CertificateStoreOptions,
} from '../certificate/certificate-store.ts';
import { CertificateError } from '../certificate/errors.ts';
import { namesOf, parseCertificates, warningTime } from '../certificate/inspect.ts';
import { ensureSelfSigned, type SelfSigned } from '../certificate/self-signed.ts';
import type { ReviewServer } from '../server/server.ts';
import type { TlsOptions } from '../server/tls.ts';
import type { Log } from '../telemetry/log.ts';
import type { CertificateName, Metrics } from '../telemetry/metrics.ts';
import type { CertificateSource, ServeSettings } from './settings.ts';
import { SettingsError } from './settings-error.ts';

/** What the server shows and demands at its start, and where that comes from. */
export interface OpenedCertificate {
  /** `undefined`: plain HTTP. */
  readonly tls: TlsOptions | undefined;
  readonly files: { readonly certificate: string; readonly key: string } | undefined;
  /** What clients have to trust, when it is ours. */
  readonly authorityFile: string | undefined;
}

/** Keeps the server's certificates as their files are. */
export interface FollowedCertificates extends AsyncDisposable {
  readonly reload: () => Promise<void>;
  /** What there is to know, although connections can be made. */
  readonly detail: () => string | undefined;
}

export interface CertificateWitnesses {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/** A self-signed leaf is renewed when a third of its 90 days is left; looking twice a day is plenty. */
const RENEWAL_CHECK_MS = 12 * 3_600_000;
const EXPIRY_CHECK_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** @throws {SettingsError} SETTING_INVALID for a name that no certificate can bear, and for a folder that cannot be used. */
export async function openCertificate(
  { source, client }: ServeSettings,
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
      const { authorityFile, certificateFile, keyFile, pair } = await makeSelfSigned(source, now);
      const files = { certificate: certificateFile, key: keyFile };
      return { tls: { ...pair, ...clients }, files, authorityFile };
    }
  }
}

async function makeSelfSigned(
  source: CertificateSource & { kind: 'self-signed' },
  now: () => Date,
): Promise<SelfSigned> {
  try {
    return await ensureSelfSigned({ ...source, now });
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    const option = cause.code === 'NAME_INVALID' ? '--host-names' : '--state-dir';
    throw new SettingsError('SETTING_INVALID', `${option}: ${cause.message}`, { cause });
  }
}

/** Follows the files of the server's certificate and of its clients' authorities, and renews a certificate of our own. */
export function followCertificates(
  server: ReviewServer,
  { tls, files }: OpenedCertificate,
  { source, client }: ServeSettings,
  witnesses: CertificateWitnesses,
): FollowedCertificates {
  const resources = new AsyncDisposableStack();
  const stores: CertificateStore[] = [];
  const follow = (
    name: CertificateName,
    parts: Pick<CertificateStoreOptions, 'files' | 'texts' | 'activate'>,
  ) => {
    const onReload = (reload: CertificateReload): void => tell(name, reload, server, witnesses);
    const store = resources.use(new CertificateStore({ ...parts, onReload }));
    witnesses.metrics.certificateReloaded(name, 'success');
    store.watch();
    stores.push(store);
  };
  if (tls !== undefined && files !== undefined) {
    follow('serving', {
      files: [files.certificate, files.key],
      texts: [tls.certificate, tls.key],
      activate: ([certificate = '', key = '']) => server.replaceCertificate({ certificate, key }),
    });
  }
  if (client !== undefined) {
    tellClientExpiry(client.authority, witnesses);
    follow('clients', {
      files: [client.file],
      texts: [client.authority],
      activate: ([authority = '']) => {
        server.replaceClientAuthority(authority);
        tellClientExpiry(authority, witnesses);
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
    if (problem !== undefined) return `the last good one stays in force: ${problem.message}`;
    return renderExpiry(server, witnesses.now());
  };
  return { reload, detail, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Calls back again and again; gives what ends that. */
function every(intervalMs: number, callback: () => void): () => void {
  const timer = setInterval(callback, intervalMs).unref();
  return () => clearInterval(timer);
}

/** Makes another certificate when it is time, and takes it. */
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

function tell(
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
      return;
    case 'kept':
      metrics.certificateReloaded(certificate, 'failure');
      log.write('error', 'certificate not loaded; the last good one stays in force', {
        certificate,
        code: reload.error.code,
        problem: reload.error.message,
      });
  }
}

function describeServing({ certificate }: ReviewServer, metrics: Metrics): object {
  if (certificate === undefined) return {};
  metrics.certificateExpires('serving', certificate.validToDate);
  const { dns, ip } = namesOf(certificate);
  return { expires: certificate.validToDate.toISOString(), names: [...dns, ...ip] };
}

function tellClientExpiry(authority: string, { metrics }: CertificateWitnesses): void {
  const ends = parseCertificates(authority).map(({ validToDate }) => validToDate.getTime());
  metrics.certificateExpires('clients', new Date(Math.min(...ends)));
}

/** Tells the metrics when the certificate ends, and warns once a day when that comes near. */
function watchExpiry(server: ReviewServer, { log, metrics, now }: CertificateWitnesses): Disposable {
  if (server.certificate !== undefined) metrics.certificateExpires('serving', server.certificate.validToDate);
  let told: string | undefined;
  const look = (): void => {
    const expiry = renderExpiry(server, now());
    if (expiry !== undefined && expiry !== told)
      log.write('warn', 'the certificate ends soon', {
        expires: server.certificate?.validToDate.toISOString(),
      });
    told = expiry;
  };
  look();
  return { [Symbol.dispose]: every(EXPIRY_CHECK_MS, look) };
}

/** When the certificate ends, once people should think of it. */
function renderExpiry({ certificate }: ReviewServer, now: Date): string | undefined {
  if (certificate === undefined || now < warningTime(certificate)) return undefined;
  const days = Math.floor((certificate.validToDate.getTime() - now.getTime()) / DAY_MS);
  return `it ends in ${days} days`;
}
