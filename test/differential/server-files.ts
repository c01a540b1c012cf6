import type { Random } from '../fuzz/random.ts';

/** The files that an API server reads, and the flags that lead to them. Texts name their folder as `${FOLDER}`. */
export interface ServerInput {
  readonly files: Readonly<Record<string, string>>;
  /** The words after `kube-apiserver`. */
  readonly flags: readonly string[];
}

type Choices = readonly [string, ...string[]];

/** Values of numbers, as they can be written. */
const NUMBERS: Choices = [
  ...(['50', '50', '50', '50', '50', '-1', '0', '1800', '1801', '300000', '300001', '-2'] as const),
  ...(['50.0', '50.5', '5e1', '"50"', '30s', '010', '0o10', '0x10', '0b11', '5_0', '+50', 'null'] as const),
  ...(['~', 'true', '.5', '089', '1:30', '[50]', '{}', '9223372036854775808', ''] as const),
];
const BOOLEANS: Choices = [
  ...([
    'false',
    'false',
    'false',
    'true',
    'yes',
    'no',
    'on',
    'Off',
    'y',
    'N',
    'TRUE',
    'True',
    'yEs',
  ] as const),
  ...(['"true"', '0', '1', 'null', '[]', ''] as const),
];
const KUBECONFIGS: Choices = [
  ...(['${FOLDER}/k.yaml', '${FOLDER}/k.yaml', '${FOLDER}/k.yaml', '"${FOLDER}/k.yaml"'] as const),
  ...(['${FOLDER}/k.yaml', "'${FOLDER}/k.yaml'", '${FOLDER}/k.yml', '${FOLDER}/k.yaml.', '""'] as const),
  ...(['5', 'true', 'null', '[]', '{}', '${FOLDER}/k.yaml # the gate'] as const),
];
const NAMES: Choices = [
  ...(['ImagePolicyWebhook', 'ImagePolicyWebhook', 'ImagePolicyWebhook', 'ImagePolicyWebhook'] as const),
  ...([
    'ImagePolicyWebHook',
    'imagepolicywebhook',
    '"ImagePolicyWebhook"',
    'PodSecurity',
    '5',
    'null',
  ] as const),
];
const API_VERSIONS: Choices = [
  ...(['apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1'] as const),
  ...([
    'apiserver.k8s.io/v1alpha1',
    'apiserver.k8s.io/v1',
    'apiserver.config.k8s.io/v1alpha1',
    'v1',
    '1',
  ] as const),
];
const KINDS: Choices = [
  ...(['AdmissionConfiguration', 'AdmissionConfiguration', 'AdmissionConfiguration'] as const),
  ...(['AdmissionConfiguration', 'admissionConfiguration', 'Pod', 'null'] as const),
];
const PLUGINS: Choices = [
  ...([
    'NodeRestriction,ImagePolicyWebhook',
    'NodeRestriction,ImagePolicyWebhook',
    'ImagePolicyWebhook',
  ] as const),
  ...([
    'ImagePolicyWebhook',
    'NodeRestriction',
    'ImagePolicyWebHook',
    'NodeRestriction, ImagePolicyWebhook',
  ] as const),
  ...(['ImagePolicyWebhook,', '', '"ImagePolicyWebhook"'] as const),
];
const WEBHOOKS = `- name: ValidatingAdmissionWebhook
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: WebhookAdmissionConfiguration
    staticManifestsDir: \${FOLDER}/static
`;

/** One setting in {@link SHARE} is unusual, so that a file with all parts has about one. */
const SHARE = 0.06;

function usually(random: Random, choices: Choices): string {
  return random.chance(SHARE * 2) ? random.pick(choices) : choices[0];
}

/** Files of an API server with a few parts that its readers may read differently. */
export function plausibleServer(random: Random): ServerInput {
  const isSeparate = random.chance(0.2);
  const settings = settingsOf(random);
  const admission = isSeparate
    ? versioned(
        random,
        `  path: ${usually(random, ['plugin.yaml', '${FOLDER}/plugin.yaml', 'plugin.yml'])}\n`,
      )
    : random.chance(0.2)
      ? settings
      : versioned(random, `  configuration:\n${indent(settings, 4)}`);
  return {
    files: {
      'admission.yaml': mutated(random, asJson(random, admission)),
      ...(isSeparate && { 'plugin.yaml': mutated(random, asJson(random, settings)) }),
      'k.yaml': mutated(random, kubeconfig(random)),
    },
    flags: flagsOf(random),
  };
}

function settingsOf(random: Random): string {
  const key = (name: string): string => (random.chance(0.03) ? name.toLowerCase() : name);
  return `${key('imagePolicy')}:
  ${key('kubeConfigFile')}: ${usually(random, KUBECONFIGS)}
  ${key('allowTTL')}: ${usually(random, NUMBERS)}
  ${key('denyTTL')}: ${usually(random, NUMBERS)}
  ${key('retryBackoff')}: ${usually(random, NUMBERS)}
  ${key('defaultAllow')}: ${usually(random, BOOLEANS)}
`;
}

function versioned(random: Random, body: string): string {
  const others = random.chance(0.2) ? WEBHOOKS : '';
  return `apiVersion: ${usually(random, API_VERSIONS)}
kind: ${usually(random, KINDS)}
plugins:
- name: ${usually(random, NAMES)}
${body}${others}`;
}

function kubeconfig(random: Random): string {
  const maybe = (line: string, share = SHARE): string => (random.chance(share) ? `${line}\n` : '');
  const value = (usual: string, ...others: readonly string[]): string =>
    random.chance(0.03) ? random.pick([usual, ...others, '5', 'null', 'true', '""', '[]']) : usual;
  return `${maybe('apiVersion: v1', 0.7)}${maybe('kind: Config', 0.7)}${maybe('kind: Pod', 0.01)}clusters:
- name: ${value('gate', 'other')}
  cluster:
    server: ${value('https://127.0.0.1:1323/image_policy', 'http://a/b', 'gate:1323', 'https://[::1', '%')}
${maybe(`    certificate-authority: ${value('${FOLDER}/pki/ca.crt', 'pki/ca.crt', '${FOLDER}/pki/ca.pem', 'k.yaml')}`, 0.8)}${maybe('    certificate-authority-data: aGVsbG8=')}${maybe('    insecure-skip-tls-verify: true')}${maybe('    tls-server-name: n')}users:
- name: ${value('server', 'other')}
  user:
${maybe(`    client-certificate: ${value('${FOLDER}/pki/client.crt', 'pki/client.crt', '${FOLDER}/pki/ca.crt')}`, 0.8)}${maybe(`    client-key: ${value('${FOLDER}/pki/client.key', '${FOLDER}/pki/other.key')}`, 0.8)}${maybe('    client-key-data: "!"', 0.02)}${maybe('    token: 12345')}${maybe('    token: abc')}${maybe('    password: p')}    username: ""
contexts:
- name: ${value('gate', 'other')}
  context:
    cluster: ${value('gate', 'other')}
    user: ${value('server', 'other')}
current-context: ${value('gate', 'other')}
`;
}

function flagsOf(random: Random): readonly string[] {
  const plugins = usually(random, PLUGINS);
  const name = random.chance(0.03)
    ? random.pick([
        '--enable_admission_plugins',
        '--enable-admission-plugin',
        '--admission-control',
        '-enable-admission-plugins',
      ])
    : '--enable-admission-plugins';
  const file = random.chance(0.03)
    ? random.pick(['--admission-controller-config-file', '--admission_control_config_file'])
    : '--admission-control-config-file';
  const flag = (key: string, value: string): readonly string[] =>
    random.chance(0.1) ? [key, value] : [`${key}=${value}`];
  return [
    '--advertise-address=192.0.2.1',
    ...flag(name, plugins),
    ...(random.chance(0.05) ? flag('--enable-admission-plugins', 'PodSecurity') : []),
    ...(random.chance(0.02) ? flag('--disable-admission-plugins', 'ImagePolicyWebhook') : []),
    ...(random.chance(0.03) ? [] : flag(file, '${FOLDER}/admission.yaml')),
    ...(random.chance(0.02)
      ? [random.pick(['--admission-control-config-file', '--enable-admission-plugins'])]
      : []),
  ];
}

function indent(text: string, columns: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(columns));
}

/** The same document in braces, which the API server takes for JSON. */
function asJson(random: Random, yaml: string): string {
  if (!random.chance(0.3)) return yaml;
  const lines = yaml.split('\n').filter((line) => line !== '');
  return `${bracketed(lines, random)}\n`;
}

/** A map of lines in block style as JSON. Scalars are written as JSON where they are plain text. */
function bracketed(lines: readonly string[], random: Random): string {
  const column = /^[ -]*/.exec(lines[0] ?? '')?.[0].length ?? 0;
  const isList = /^ *- /.test(lines[0] ?? '');
  const parts: string[][] = [];
  for (const line of lines) {
    const begins = isList
      ? line.startsWith(`${' '.repeat(column - 2)}- `)
      : line.length - line.trimStart().length === column && !/^ *- /.test(line);
    if (begins) parts.push([line]);
    else parts.at(-1)?.push(line);
  }
  if (isList)
    return `[${parts.map((part) => bracketed([(part[0] ?? '').replace('- ', '  '), ...part.slice(1)], random)).join(', ')}]`;
  const entries = parts.map(([first = '', ...rest]) => {
    const [, key = '', value = ''] = /^\s*([^:]+):\s*(.*)$/.exec(first) ?? [];
    return `"${key}": ${rest.length > 0 ? bracketed(rest, random) : scalar(value)}`;
  });
  const separator = random.chance(0.5) ? ',\n ' : ', ';
  return `{${entries.join(separator)}${random.chance(0.03) ? ',' : ''}}`;
}

function scalar(value: string): string {
  if (/^(?:".*"|-?\d+(?:\.\d+)?|true|false|null|\[.*\]|\{\})$/.test(value)) return value;
  return value === '' ? 'null' : JSON.stringify(value);
}

/** A change of the text that people make by hand. */
function mutated(random: Random, text: string): string {
  if (!random.chance(0.25)) return text;
  const lines = text.split('\n');
  const index = random.below(Math.max(lines.length - 1, 1));
  const line = lines[index] ?? '';
  const with_ = (...replaced: readonly string[]): string => lines.toSpliced(index, 1, ...replaced).join('\n');
  switch (random.below(14)) {
    case 0:
      return with_(line, line);
    case 1:
      return with_();
    case 2:
      return with_(`${line} # a comment`);
    case 3:
      return with_(`${line} // a comment`);
    case 4:
      return with_('# a comment', line);
    case 5:
      return with_(line.replace(/[a-z](?=[A-Za-z]*"?:)/, (letter) => letter.toUpperCase()));
    case 6:
      return with_(`${/^ */.exec(line)?.[0]}unknown: 1`, line);
    case 7:
      return `---\n${text}`;
    case 8:
      return `${text}---\nkind: Other\n`;
    case 9:
      return `\uFEFF${text}`;
    case 10:
      return text.replaceAll('\n', '\r\n');
    case 11:
      return random.pick(['', '# nothing\n', 'null\n', '[]\n', 'text\n', '{}']);
    case 12:
      return `\n  ${text}`;
    default:
      return text.trimEnd();
  }
}
