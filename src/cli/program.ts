import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { quote } from '../image/quote.ts';
import { fitForTerminal } from '../language/terminal.ts';
import {
  type CommandContext,
  type CommandModule,
  type Environment,
  type ExitCode,
  type Streams,
  writeTo,
} from './command.ts';
import { applyEnvironment } from './environment.ts';
import { requireSoundNode } from './node-fitness.ts';
import { describeRolloutError } from './rollout-output.ts';

const EXAMPLES = `
Examples:
  $ kube-image-bouncer serve --self-signed --policy policy.yaml
  $ kube-image-bouncer check deploy/ --policy policy.yaml
  $ helm template . | kube-image-bouncer check -
  $ kube-image-bouncer explain nginx ghcr.io/acme/app:1.2@sha256:…
  $ kube-image-bouncer policy schema > policy.schema.json
  $ kube-image-bouncer doctor --policy policy.yaml

Without a command, \`serve\` runs.`;

const HELP_COLUMNS = 100;

/** A command by its words, such as `bootstrap webhook`. Its file is loaded only when the command line names it. */
interface CommandEntry {
  readonly words: string;
  readonly description: string;
  readonly load: () => Promise<CommandModule>;
}

const GROUPS: Readonly<Record<string, string>> = {
  bootstrap: 'make an API server call the gate; one command for each kind of wiring',
  certificate: 'make, inspect and rotate the certificates of a gate',
  policy: 'commands for policy files',
};

const COMMANDS: readonly CommandEntry[] = [
  {
    words: 'serve',
    description: 'answer the API server (default command)',
    load: () => import('./commands/serve.ts'),
  },
  {
    words: 'check',
    description: 'judge manifests: files, folders, or - for standard input',
    load: () => import('./commands/check.ts'),
  },
  {
    words: 'explain',
    description: 'show how an image reference is read, and the result of each rule',
    load: () => import('./commands/explain.ts'),
  },
  {
    words: 'bootstrap image-policy',
    description: 'ImagePolicyWebhook on a control-plane node: print the changes, apply them, or undo them',
    load: () => import('./commands/bootstrap-image-policy.ts'),
  },
  {
    words: 'bootstrap webhook',
    description: 'an admission webhook: print it, apply it, or delete it',
    load: () => import('./commands/bootstrap-webhook.ts'),
  },
  {
    words: 'bootstrap static',
    description: 'a webhook that the API server of a node reads from a file: print, apply, or undo it',
    load: () => import('./commands/bootstrap-static.ts'),
  },
  {
    words: 'certificate create',
    description: 'make certificates in a folder; usable ones are kept',
    load: () => import('./commands/certificate-create.ts'),
  },
  {
    words: 'certificate inspect',
    description: 'show the certificates in files, in Secrets and at live addresses, and their problems',
    load: () => import('./commands/certificate-inspect.ts'),
  },
  {
    words: 'certificate rotate',
    description: 'rotate certificates so that no call fails: in a folder, or in the cluster',
    load: () => import('./commands/certificate-rotate.ts'),
  },
  {
    words: 'doctor',
    description: 'prove that the gate enforces its policy, or name the fault',
    load: () => import('./commands/doctor.ts'),
  },
  {
    words: 'recover',
    description: 'explain how a gate locks the cluster, and unlock it with the least invasive steps',
    load: () => import('./commands/recover.ts'),
  },
  {
    words: 'policy schema',
    description: 'print the JSON Schema of a policy, for editors',
    load: () => import('./commands/policy-schema.ts'),
  },
];

/**
 * Runs one command line and returns its exit code. Only the command line reads the environment, the clock and the
 * terminal.
 */
export async function run(
  args: readonly string[],
  environment: Environment,
  streams: Streams,
): Promise<ExitCode> {
  let code: ExitCode = 0;
  const finish = (result: ExitCode): void => {
    code = result;
  };
  try {
    requireSoundNode(process.version);
    const program = await createProgram({ environment, streams, finish }, (words) => isNamedBy(args, words));
    refuseUnknownCommand(program, args[0]);
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has already printed its own message or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    writeTo(streams.stderr, `${renderError(error)}\n`);
    return 2;
  }
}

/** The program with all commands. Only selected commands have their options. */
export async function createProgram(
  context: CommandContext,
  isSelected: (words: string) => boolean = () => true,
): Promise<Command> {
  const { environment, streams } = context;
  const program = new Command('kube-image-bouncer')
    .description('One policy decides about every container image that enters a cluster.')
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => writeTo(streams.stdout, text),
      writeErr: (text) => writeTo(streams.stderr, text),
      getOutHelpWidth: () => HELP_COLUMNS,
      getErrHelpWidth: () => HELP_COLUMNS,
    })
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES);
  for (const { words, description, load } of COMMANDS) {
    const [name = '', nested] = words.split(' ');
    const parent = nested === undefined ? program : groupOf(program, name);
    const command = parent
      .command(nested ?? name, { isDefault: words === 'serve' })
      .description(description)
      .hook('preAction', (invoked) => applyEnvironment(invoked, environment));
    if (isSelected(words)) (await load()).define(command, context);
  }
  return program;
}

function groupOf(program: Command, name: string): Command {
  return (
    program.commands.find((command) => command.name() === name) ??
    program.command(name).description(GROUPS[name] ?? '')
  );
}

/** Whether a command line runs a command or shows its help. */
function isNamedBy(args: readonly string[], words: string): boolean {
  const named = args.filter((word) => word !== 'help').slice(0, words.split(' ').length);
  const isDefault = named[0] === undefined || named[0].startsWith('-');
  return isDefault ? words === 'serve' : named.join(' ') === words;
}

/** Without this check `serve` would report a misspelt command as one argument too many. */
function refuseUnknownCommand(program: Command, word: string | undefined): void {
  const known = [...program.commands.map((command) => command.name()), 'help'];
  if (word === undefined || word.startsWith('-') || known.includes(word)) return;
  program.error(`error: unknown command '${quote(word)}' (commands: ${known.join(', ')})`);
}

function renderError(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    const text = describeRolloutError(error) ?? error.message;
    return `${text.includes('\n') ? 'error:\n' : 'error: '}${fitForTerminal(text)}`;
  }
  return `error: unexpected failure, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
