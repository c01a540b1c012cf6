import { interruptionBy, type WhileChanging } from '../rollout/interruption.ts';
import { type Streams, writeTo } from './command.ts';

/** Signals of a person who stops a command, closes its terminal, or shuts down its machine. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Lets an action put back what it changed before a signal ends the command. Outside `change` a signal ends the process at once,
 * because then nothing is changed.
 */
export function whileChanging({ stderr }: Pick<Streams, 'stderr'>): WhileChanging {
  return async (change) => {
    const interruption = new AbortController();
    const onSignal = (signal: NodeJS.Signals): void => {
      const { aborted } = interruption.signal;
      writeTo(
        stderr,
        `${signal}: ${aborted ? 'still stopping' : 'stopping, and putting back what can be put back'}\n`,
      );
      interruption.abort(interruptionBy(signal));
    };
    // A closed terminal must not end the command while it puts files back.
    const onClosed = (): void => undefined;
    stderr.on('error', onClosed);
    for (const signal of SIGNALS) process.on(signal, onSignal);
    try {
      return await change(interruption.signal);
    } finally {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      stderr.off('error', onClosed);
    }
  };
}
