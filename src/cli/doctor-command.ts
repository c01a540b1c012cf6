import type { Command } from 'commander';
import type { CommandSurroundings } from './bootstrap-commands.ts';
import { addDoctorOptions } from './doctor-options.ts';
import { applyEnvironment } from './environment.ts';

/** `doctor`. */
export function addDoctorCommand(
  program: Command,
  { environment, streams, finish }: CommandSurroundings,
): void {
  addDoctorOptions(
    program.command('doctor').description('prove that the gate is enforcing, or name what is broken'),
  )
    .addHelpText('after', '\nExit code: 0 nothing above a note, 1 a warning or a fault, 2 could not run.')
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (options) => finish(await (await import('./commands/doctor.ts')).doctor(options, streams)));
}
