import { freezePrototypes } from './frozen-prototypes.ts';
import { run } from './program.ts';

const { stdin, stdout, stderr, env, argv } = process;

// This must run before any command loads its libraries.
freezePrototypes();

// It is not a failure if the reader closes the pipe early (`| head`).
stdout.on('error', () => undefined);

process.exitCode = await run(argv.slice(2), env, { stdin, stdout, stderr });

/** Longest time in milliseconds that an unfinished task may keep the process alive. */
const LAST_MS = 1000;

// Something may keep the event loop alive, such as the pipe of a credential plugin. Exit anyway, unless output is still
// unwritten.
setInterval(() => {
  if (stdout.writableLength + stderr.writableLength === 0) process.exit();
}, LAST_MS).unref();
