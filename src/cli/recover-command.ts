import type { Command } from 'commander';
import type { CommandSurroundings } from './bootstrap-commands.ts';
import { addRecoverOptions } from './recover-options.ts';

/** `recover`, which is loaded when it is asked for. */
export function addRecoverCommand(program: Command, { streams, finish }: CommandSurroundings): void {
  addRecoverOptions(
    program.command('recover').description('the least invasive way out when a gate has locked the cluster'),
  )
    .addHelpText(
      'after',
      '\nExit code: 0 nothing locked, or the way out is taken; 1 locked; 2 could not run.',
    )
    .action(async (options) =>
      finish(await (await import('./commands/recover.ts')).recover(options, streams)),
    );
}
