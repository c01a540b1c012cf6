import { readFileSync } from 'node:fs';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { validateXML } from 'xmllint-wasm';

function schemaOf(name: string): string {
  return readFileSync(new URL(`schemas/${name}`, import.meta.url), 'utf8');
}

/** A SARIF log, as far as the tests read it. */
export interface SarifLog {
  readonly runs: readonly [
    {
      readonly results: readonly SarifResult[];
      readonly invocations: readonly [
        { readonly executionSuccessful: boolean; readonly toolExecutionNotifications: readonly unknown[] },
      ];
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    },
  ];
}

interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly kind?: string;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation: {
      readonly artifactLocation: { readonly uri: string };
      readonly region?: Readonly<Record<'startLine' | 'startColumn' | 'endLine' | 'endColumn', number>>;
    };
  }[];
}

const compiled = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(compiled);
const validateSarif = compiled.compile(JSON.parse(schemaOf('sarif-2.1.0.json')));

/** What the published schema objects to. */
export function sarifSchemaProblems(log: unknown): readonly string[] {
  validateSarif(log);
  return (validateSarif.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** What the text of the standard requires, and the schema does not check. */
export function sarifProblems({ runs: [run] }: SarifLog): readonly string[] {
  const { rules } = run.tool.driver;
  const ids = rules.map(({ id }) => id);
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `rule ${id} occurs twice`),
    ...run.results.flatMap((result, index) => resultProblems(result, ids).map((text) => `${index}: ${text}`)),
    ...(run.invocations[0].executionSuccessful ===
    (run.invocations[0].toolExecutionNotifications.length === 0)
      ? []
      : ['executionSuccessful contradicts the notifications']),
  ];
}

function resultProblems(result: SarifResult, ids: readonly string[]): string[] {
  const { ruleId, ruleIndex, kind = 'fail', level, message, locations } = result;
  return [
    ...(ids[ruleIndex] === ruleId ? [] : [`ruleIndex ${ruleIndex} is not rule ${ruleId}`]),
    ...((kind === 'fail') === (level !== 'none') ? [] : [`level ${level} contradicts kind ${kind}`]),
    ...(/[{}]/.test(message.text.replaceAll(/\{\{|\}\}/g, '')) ? ['a brace is not doubled'] : []),
    ...(/(?<!\\)\]\(/.test(message.text) ? ['the message contains a link'] : []),
    ...locations.flatMap(({ physicalLocation }) => uriProblems(physicalLocation.artifactLocation.uri)),
    ...locations.flatMap(({ physicalLocation: { region } }) =>
      region === undefined || isOrdered(region) ? [] : ['a region ends before it begins'],
    ),
  ];
}

function isOrdered({ startLine, startColumn, endLine, endColumn }: Record<string, number>): boolean {
  const [line = 0, column = 0, lastLine = 0, lastColumn = 0] = [startLine, startColumn, endLine, endColumn];
  return lastLine > line || (lastLine === line && lastColumn >= column);
}

/** A URI of RFC 3986 that leads to one file: a path whose first segment is no scheme, without query and fragment. */
function uriProblems(uri: string): string[] {
  const path = uri.replace(/^file:\/\//, '');
  const isPath = /^(?:[\w.~!$&'()*+,;=@/-]|%[0-9A-F]{2})*$/.test(path);
  return isPath ? [] : [`${JSON.stringify(uri)} is not the URI of a file`];
}

/** What xmllint objects to in a report: it is not well formed, or the schema of the xUnit plugin does not allow it. */
export async function junitProblems(report: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: 'report.xml', contents: report }],
    schema: [schemaOf('junit-10.xsd')],
  });
  return errors.map(({ message }) => message);
}

/** A workflow command, as the runner of GitHub Actions finds it in a line of a log. */
interface WorkflowCommand {
  readonly command: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/**
 * Reads a log as the runner does: `::name properties::data` at the start of a line, after blanks, or `##[name properties]`
 * anywhere in a line.
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function readWorkflowCommands(log: string): WorkflowCommand[] {
  return log.split(/\r\n|[\r\n]/).flatMap((line) => {
    const modern = /^\s*::(?<name>[\w-]*)(?: (?<properties>.*?))?::(?<data>.*)$/su.exec(line);
    const old = /##\[(?<name>[\w-]*)(?: (?<properties>[^\]]*))?\](?<data>.*)$/su.exec(line);
    const { name = '', properties = '', data = '' } = (modern ?? old)?.groups ?? {};
    if (name === '') return [];
    const pairs = properties.split(',').map((pair) => /^([^=]*)=(.*)$/su.exec(pair.trim())?.slice(1) ?? []);
    return [
      {
        command: name,
        properties: Object.fromEntries(pairs.map(([key = '', value = '']) => [key, unescape(value)])),
        data: unescape(data),
      },
    ];
  });
}

function unescape(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}
