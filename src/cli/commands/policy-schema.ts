import type { Command } from 'commander';
import { renderPolicySchema } from '../../policy/schema.ts';
import { type CommandContext, writeTo } from '../command.ts';

/** Prints the JSON Schema of `ImageAdmissionPolicy`. */
export function define(command: Command, { streams, finish }: CommandContext): void {
  command.action(() => {
    writeTo(streams.stdout, `${JSON.stringify(renderPolicySchema(), null, 2)}\n`);
    finish(0);
  });
}
