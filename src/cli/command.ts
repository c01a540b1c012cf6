import type { Readable, Writable } from 'node:stream';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { fitForTerminal } from '../language/terminal.ts';
import { STAGES } from '../policy/stage.ts';
import { KUBE_SYSTEM_MODES } from '../webhook/configuration.ts';
import { API_SERVER_MANIFEST, NODE_FOLDER } from '../wiring/names.ts';

/** The streams that a command reads and writes. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** The variables of the environment by their names. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** 0: success, and nothing is refused or wrong. 1: something is refused or wrong. 2: the command could not run. */
export type ExitCode = 0 | 1 | 2;

/** The inputs of a command. The command calls `finish` with its exit code. */
export interface CommandContext {
  readonly environment: Environment;
  readonly streams: Streams;
  readonly finish: (code: ExitCode) => void;
}

/** A file of `commands/`: adds arguments, options and the action to a command that has a name and a description. */
export interface CommandModule {
  readonly define: (command: Command, context: CommandContext) => void;
}

/** `--output`: `table` (the default) or `json`. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table');
}

/** An option that may be repeated. With `choices`, every other value is an error. */
export function repeatedOption(flags: string, description: string, choices?: readonly string[]): Option {
  const collect = (value: string, former: readonly string[] | undefined): readonly string[] => {
    if (choices !== undefined && !choices.includes(value))
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    return [...(former ?? []), value];
  };
  return new Option(flags, `${description}; may be repeated`).argParser(collect);
}

/** Adds `--kubeconfig` and `--context`. `use` describes what the command does with the cluster. */
export function addClusterOptions(command: Command, use = 'the cluster'): Command {
  return command
    .option('--kubeconfig <file>', `${use} (default: the kubeconfig that kubectl uses)`)
    .option('--context <name>', 'context of the kubeconfig (default: the current one)');
}

/** `--stage`: `deny` (the default), `warn` or `audit`. */
export function stageOption(): Option {
  return new Option('--stage <stage>', 'deny (refuse), warn (admit and warn) or audit (admit and record)')
    .choices(STAGES.toReversed())
    .default('deny');
}

/** Adds the options of a webhook, such as `--stage`, `--policy` and `--kube-system`. */
export function addWebhookOptions(command: Command, policyDefault: string): Command {
  return command
    .addOption(stageOption())
    .option('--policy <file>', `policy of the gate (default: ${policyDefault}, otherwise no tag "latest")`)
    .addOption(
      new Option('--kube-system <mode>', 'stage for the namespace kube-system, or exempt: no reviews')
        .choices(KUBE_SYSTEM_MODES)
        .default('warn'),
    )
    .option('--exempt-namespaces <names>', 'comma separated namespaces without reviews')
    .option('--timeout-seconds <seconds>', 'time that the API server waits for a verdict', '10');
}

/** Adds the options of a `bootstrap` command for a control-plane node. The default paths are those of kubeadm. */
export function addNodeOptions(command: Command): Command {
  return command
    .option('--apply', 'change this node, and wait for its API server (default: print the changes)')
    .option('--undo', 'restore every file of this node')
    .option('--out <folder>', 'write every file below this folder, to be copied to a node')
    .option('--folder <path>', "the gate's folder on the node", NODE_FOLDER)
    .option('--manifest <file>', 'static pod manifest of kube-apiserver', API_SERVER_MANIFEST);
}

/** The flag and the description of `--yes`. */
export const YES_OPTION = [
  '--yes',
  'with --apply: continue although running workloads would be refused',
] as const;

/** The last line of `--help` of the `bootstrap` commands. */
export const BOOTSTRAP_EXIT_CODES =
  '\nExit code: 0 done; 1 running workloads would be refused, or the gate does not answer; 2 could not run.';

/** The message of an error, or the text of any other thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes a text for people. Characters that control a terminal or hide text are escaped; line breaks are kept. */
export function writeTo(stream: Writable, text: string): void {
  stream.write(fitForTerminal(text));
}
