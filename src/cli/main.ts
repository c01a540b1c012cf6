import { freezePrototypes } from './frozen-prototypes.ts';
import { run } from './program.ts';

const { stdin, stdout, stderr, env, argv } = process;

// Before a command is asked for, and so before the libraries that it needs.
freezePrototypes();

// A reader that has seen enough (`| head`) is no failure of ours.
stdout.on('error', () => undefined);

process.exitCode = await run(argv.slice(2), env, { stdin, stdout, stderr });

/** How long what nobody waits for may keep the process alive. */
const LAST_MS = 1000;

// A credential plugin's child that keeps its pipe, a token that never comes. Output that waits for its reader is no such.
setInterval(() => {
  if (stdout.writableLength + stderr.writableLength === 0) process.exit();
}, LAST_MS).unref();
