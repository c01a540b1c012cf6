import { examine, type CertificateReport } from '../../certificate/examination.ts';
import { parseCertificates } from '../../certificate/inspect.ts';
import { quote } from '../../image/quote.ts';
import { readMaterial } from '../certificate-material.ts';
import { readSetting, requirePem } from '../settings.ts';
import { SettingsError } from '../settings-error.ts';
import type { ExitCode, Streams } from '../streams.ts';

export interface InspectOptions {
  readonly caCert?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly output: 'table' | 'json';
}

/** Longest name that is printed. */
const MAX_CHARACTERS = 1024;

interface PlacedReport extends CertificateReport {
  readonly place: string;
}

/** Says everything about certificates in files, in Secrets and at live addresses. */
export async function inspectCertificates(
  places: readonly string[],
  options: InspectOptions,
  { stdout }: Streams,
): Promise<ExitCode> {
  const found = await readMaterial(places, await readTrusted(options), options);
  const now = new Date();
  const reports = found.flatMap(({ place, ...material }) =>
    examine(material, now).map((report): PlacedReport => Object.assign({ place }, report)),
  );
  if (reports.length === 0)
    throw new SettingsError('FILE_UNREADABLE', `${places.join(', ')}: no certificate is there`);
  stdout.write(
    options.output === 'json'
      ? `${JSON.stringify(toDocument(reports), undefined, 2)}\n`
      : renderTable(reports),
  );
  return reports.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

async function readTrusted({ caCert }: InspectOptions) {
  if (caCert === undefined) return undefined;
  const text = await readSetting('--ca-cert', caCert);
  requirePem('--ca-cert', caCert, () => parseCertificates(text));
  return parseCertificates(text);
}

function toDocument(reports: readonly PlacedReport[]): object {
  return {
    // A key whose value is not known is there all the same.
    certificates: reports.map((report) =>
      Object.assign({}, report, { signedBy: report.signedBy ?? null, hasKey: report.hasKey ?? null }),
    ),
    problems: reports.reduce((count, { problems }) => count + problems.length, 0),
  };
}

function renderTable(reports: readonly PlacedReport[]): string {
  return `${reports.map(renderReport).join('\n\n')}\n`;
}

function renderReport(report: PlacedReport): string {
  const { validFrom, validTo, daysLeft, endsSoon, hasKey, names, problems } = report;
  const left =
    daysLeft < 0
      ? `over for ${-daysLeft} days`
      : `${daysLeft} days left${endsSoon ? ', so it ends soon' : ''}`;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [report.role, quote(report.subject, MAX_CHARACTERS)],
    [
      'signed by',
      report.signedBy === undefined
        ? `${quote(report.issuer, MAX_CHARACTERS)}, which was not found`
        : quote(report.signedBy, MAX_CHARACTERS),
    ],
    ['names', names.length === 0 ? undefined : names.map((name) => quote(name, MAX_CHARACTERS)).join(', ')],
    ['valid', `${validFrom.toISOString()} to ${validTo.toISOString()}: ${left}`],
    ['key', hasKey === undefined ? undefined : hasKey ? 'belongs to it' : 'does not belong to it'],
    ['SHA-256', report.fingerprint],
    ...problems.map(({ code, message }) => ['wrong', `${message} [${code}]`] as const),
  ];
  const lines = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(10)} ${value}`],
  );
  return [quote(report.place, MAX_CHARACTERS), ...lines].join('\n');
}
