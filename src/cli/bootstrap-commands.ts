import type { Command } from 'commander';
import { addWebhookOptions } from './bootstrap-webhook-options.ts';
import { applyEnvironment } from './environment.ts';
import { addImagePolicyOptions } from './image-policy-options.ts';
import { addStaticOptions } from './static-options.ts';
import type { Environment, ExitCode, Streams } from './streams.ts';

/** What a subcommand needs to run; `finish` is told how it ended. */
export interface CommandSurroundings {
  readonly environment: Environment;
  readonly streams: Streams;
  readonly finish: (code: ExitCode) => void;
}

/** `bootstrap`, with a subcommand for every wiring. */
export function addBootstrapCommands(program: Command, surroundings: CommandSurroundings): void {
  const bootstrap = program
    .command('bootstrap')
    .description('everything that a cluster needs to ask the gate, one wiring each');
  addBootstrapImagePolicy(bootstrap, surroundings);
  addBootstrapWebhook(bootstrap, surroundings);
  addBootstrapStatic(bootstrap, surroundings);
}

function addBootstrapImagePolicy(
  bootstrap: Command,
  { environment, streams, finish }: CommandSurroundings,
): void {
  addImagePolicyOptions(
    bootstrap
      .command('image-policy')
      .description(
        'ImagePolicyWebhook on a control-plane node: show what would change, apply it, or undo it',
      ),
  )
    .addHelpText(
      'after',
      '\nExit code: 0 done; 1 running workloads would be refused, or the gate is not heard; 2 could not run.',
    )
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (options) =>
      finish(
        await (await import('./commands/bootstrap-image-policy.ts')).bootstrapImagePolicy(options, streams),
      ),
    );
}

function addBootstrapWebhook(
  bootstrap: Command,
  { environment, streams, finish }: CommandSurroundings,
): void {
  addWebhookOptions(
    bootstrap.command('webhook').description('an admission webhook: print it, apply it, or delete it'),
  )
    .addHelpText(
      'after',
      '\nExit code: 0 done; 1 running workloads would be refused, or the gate is not heard; 2 could not run.',
    )
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (options) =>
      finish(
        await (
          await import('./commands/bootstrap-webhook.ts')
        ).bootstrapWebhook(options, environment, streams),
      ),
    );
}

function addBootstrapStatic(bootstrap: Command, { environment, streams, finish }: CommandSurroundings): void {
  addStaticOptions(
    bootstrap
      .command('static')
      .description('a webhook that the API server of a node reads from a file: show, apply, or undo it'),
  )
    .addHelpText(
      'after',
      '\nExit code: 0 done; 1 running workloads would be refused, or the gate is not heard; 2 could not run.',
    )
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (options) =>
      finish(await (await import('./commands/bootstrap-static.ts')).bootstrapStatic(options, streams)),
    );
}
