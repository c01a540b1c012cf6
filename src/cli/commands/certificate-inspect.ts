import type { Command } from 'commander';
import { examine, type CertificateReport } from '../../certificate/examination.ts';
import { parseCertificates } from '../../certificate/inspect.ts';
import { readMaterial } from '../../certificate/material.ts';
import { isObject } from '../../document/json.ts';
import { quote } from '../../image/quote.ts';
import {
  addClusterOptions,
  outputOption,
  type CommandContext,
  type ExitCode,
  type Streams,
  writeTo,
} from '../command.ts';
import { openCluster, readCertificates, SettingsError } from '../settings.ts';

interface InspectOptions {
  readonly caCert?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly output: 'table' | 'json';
}

export function define(command: Command, { streams, finish }: CommandContext): void {
  addClusterOptions(
    command
      .argument('<places...>', 'files, folders, host:port, https://…, secret/NAMESPACE/NAME')
      .option('--ca-cert <file>', 'trusted CA, PEM (default: the CAs in the inspected places)')
      .addOption(outputOption()),
  )
    .addHelpText('after', '\nExit code: 0 no problem, 1 a problem, 2 could not run.')
    .action(async (places: readonly string[], options: InspectOptions) =>
      finish(await inspectCertificates(places, options, streams)),
    );
}

/** Longest printed name, in characters. */
const MAX_CHARACTERS = 1024;

interface PlacedReport extends CertificateReport {
  readonly place: string;
}

/** Shows the certificates in files, in Secrets and at live addresses, with their problems. */
async function inspectCertificates(
  places: readonly string[],
  options: InspectOptions,
  { stdout }: Streams,
): Promise<ExitCode> {
  const found = await readMaterial(places, await readTrusted(options), (namespace, name) =>
    readSecret(options, namespace, name),
  );
  const now = new Date();
  const reports = found.flatMap(({ place, ...material }) =>
    examine(material, now).map((report): PlacedReport => Object.assign({ place }, report)),
  );
  if (reports.length === 0)
    throw new SettingsError('FILE_UNREADABLE', `${places.join(', ')}: no certificate was found`);
  writeTo(
    stdout,
    options.output === 'json'
      ? `${JSON.stringify(toDocument(reports), undefined, 2)}\n`
      : renderTable(reports),
  );
  return reports.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

async function readTrusted({ caCert }: InspectOptions) {
  if (caCert === undefined) return undefined;
  return parseCertificates(await readCertificates('--ca-cert', caCert));
}

async function readSecret(
  options: InspectOptions,
  namespace: string,
  name: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const cluster = await openCluster(options);
  const secret = await cluster.get({ apiVersion: 'v1', kind: 'Secret', name, namespace });
  if (secret === undefined) return undefined;
  const data = isObject(secret['data']) ? secret['data'] : {};
  return new Map(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()]),
  );
}

function toDocument(reports: readonly PlacedReport[]): object {
  return {
    // A value that is not known is null, so that every key exists.
    certificates: reports.map((report) =>
      Object.assign({}, report, {
        signedBy: report.signedBy ?? null,
        hasKey: report.hasKey ?? null,
        extendedKeyUsage: report.extendedKeyUsage ?? null,
      }),
    ),
    problems: reports.reduce((count, { problems }) => count + problems.length, 0),
  };
}

function renderTable(reports: readonly PlacedReport[]): string {
  return `${reports.map(renderReport).join('\n\n')}\n`;
}

function renderReport(report: PlacedReport): string {
  const { validFrom, validTo, daysLeft, endsSoon, hasKey, names, extendedKeyUsage, problems } = report;
  const left =
    daysLeft < 0
      ? `expired ${-daysLeft} days ago`
      : `${daysLeft} days left${endsSoon ? ' (expires soon)' : ''}`;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [report.role, quote(report.subject, MAX_CHARACTERS)],
    [
      'signed by',
      report.signedBy === undefined
        ? `${quote(report.issuer, MAX_CHARACTERS)} (not found)`
        : quote(report.signedBy, MAX_CHARACTERS),
    ],
    ['names', names.length === 0 ? undefined : names.map((name) => quote(name, MAX_CHARACTERS)).join(', ')],
    ['use', extendedKeyUsage?.join(', ')],
    ['valid', `${validFrom.toISOString()} to ${validTo.toISOString()}: ${left}`],
    [
      'key',
      hasKey === undefined
        ? undefined
        : hasKey
          ? 'matches the certificate'
          : 'does not match the certificate',
    ],
    ['SHA-256', report.fingerprint],
    ...problems.map(({ code, message }) => ['problem', `${message} [${code}]`] as const),
  ];
  const lines = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(10)} ${value}`],
  );
  return [quote(report.place, MAX_CHARACTERS), ...lines].join('\n');
}
