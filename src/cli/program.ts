import { Command, CommanderError, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { quote } from '../image/quote.ts';
import { addBootstrapCommands } from './bootstrap-commands.ts';
import { addCertificateCommands } from './certificate-commands.ts';
import { applyEnvironment, renderEnvironment } from './environment.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addRecoverCommand } from './recover-command.ts';
import { addServeOptions } from './serve-options.ts';
import type { Environment, ExitCode, Streams } from './streams.ts';
import { fitForTerminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  $ kube-image-bouncer serve --self-signed --policy policy.yaml
  $ kube-image-bouncer check deploy/ --policy policy.yaml
  $ helm template . | kube-image-bouncer check -
  $ kube-image-bouncer explain nginx ghcr.io/acme/app:1.2@sha256:…
  $ kube-image-bouncer policy schema > policy.schema.json
  $ kube-image-bouncer doctor --policy policy.yaml

With no command, \`serve\` is meant.`;

const HELP_COLUMNS = 100;

/** Runs one command line. Nothing but this and what it calls reads the environment, the clock or the terminal. */
export async function run(
  args: readonly string[],
  environment: Environment,
  streams: Streams,
): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = createProgram(environment, streams, (result) => {
    code = result;
  });
  try {
    refuseUnknownCommand(program, args[0]);
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its own sentence already, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    streams.stderr.write(`${renderError(error)}\n`);
    return 2;
  }
}

/** The commands and their options; `finish` is told how a command ended. */
export function createProgram(
  environment: Environment,
  streams: Streams,
  finish: (code: ExitCode) => void,
): Command {
  const program = new Command('kube-image-bouncer')
    .description('One policy decides about every container image that enters a cluster.')
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
      getOutHelpWidth: () => HELP_COLUMNS,
      getErrHelpWidth: () => HELP_COLUMNS,
    })
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES);

  // `| undefined` belongs to the exported options; each command is loaded when it is asked for.
  addServeOptions(
    program.command('serve', { isDefault: true }).description('answer the API server (default command)'),
  )
    .addHelpText('after', `\n${renderEnvironment()}`)
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (options) =>
      finish(await (await import('./commands/serve.ts')).serve(options, environment, streams)),
    );

  addPolicyOptions(
    program.command('check').description('judge manifests: files, folders, or - for standard input'),
  )
    .argument('[paths...]', 'files and folders of YAML or JSON; - for standard input', ['-'])
    .option('--namespace <name>', 'namespace of objects that name none')
    .addOption(outputOption())
    .addHelpText('after', '\nExit code: 0 nothing refused, 1 something refused, 2 could not run.')
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (paths, options) =>
      finish(await (await import('./commands/check.ts')).check(paths, options, streams)),
    );

  addPolicyOptions(
    program.command('explain').description('how an image reference is read, and what each rule says to it'),
  )
    .argument('<images...>', 'image references, as a pod would spell them')
    .addOption(outputOption())
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (images, options) =>
      finish(await (await import('./commands/explain.ts')).explain(images, options, streams)),
    );

  addBootstrapCommands(program, { environment, streams, finish });
  addCertificateCommands(program, { environment, streams, finish });
  addDoctorCommand(program, { environment, streams, finish });
  addRecoverCommand(program, { environment, streams, finish });

  program
    .command('policy')
    .description('about policies themselves')
    .command('schema')
    .description('print the JSON Schema of a policy, for editors')
    .action(async () =>
      finish(await (await import('./commands/policy-schema.ts')).printPolicySchema(streams)),
    );
  return program;
}

/** `serve` is the default, and would call a misspelt command one argument too many. */
function refuseUnknownCommand(program: Command, word: string | undefined): void {
  const known = [...program.commands.map((command) => command.name()), 'help'];
  if (word === undefined || word.startsWith('-') || known.includes(word)) return;
  program.error(`error: unknown command '${quote(word)}' (there are ${known.join(', ')})`);
}

function addPolicyOptions(command: Command): Command {
  return command
    .option('--policy <file>', 'policy to judge by (default: no image may use the tag "latest")')
    .option(
      '--allowed-registries <hosts>',
      'comma separated; without --policy, images from elsewhere are refused',
    )
    .option('--registry-whitelist <hosts>', 'the older name of --allowed-registries')
    .option('--language <tag>', 'language of denials: en, zh, or that of --messages')
    .option('--messages <file>', 'a catalogue of messages in a further language, YAML');
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table');
}

function renderError(error: unknown): string {
  if (error instanceof Error && 'code' in error)
    return `${error.message.includes('\n') ? 'error:\n' : 'error: '}${fitForTerminal(error.message)}`;
  return `error: something went wrong that should not: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
