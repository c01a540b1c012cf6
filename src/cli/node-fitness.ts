import { CodedError } from '../coded-error.ts';

type NodeErrorCode = 'NODE_MISREADS_JSON';

/** This Node must not run the gate or its commands. */
export class NodeError extends CodedError<NodeErrorCode> {
  override readonly name = 'NodeError';
}

/** Two objects whose second keys differ only behind a backslash. The first one prepares the fault, the second shows it. */
const FIRST = String.raw`{"node-fitness":0,"\\":0}`;
const SECOND = String.raw`{"node-fitness":0,"\"":0}`;
const SECOND_KEY = '"';

/**
 * Refuses a Node that reads a key of a JSON object as a key of an object that it read before. Some versions do
 * (24.21.0, 26.10.0, and earlier ones) if both keys have an escape, so that one review could change how the next one is
 * read. The behaviour is tested and not the version, because a distribution may have mended its own version. It takes a
 * few microseconds.
 * @param version as `process.version` spells it; only for the message
 * @param parse for tests; `JSON.parse` otherwise
 * @throws {NodeError} NODE_MISREADS_JSON
 */
export function requireSoundNode(version: string, parse: (text: string) => unknown = JSON.parse): void {
  parse(FIRST);
  const keys = Object.keys(Object(parse(SECOND)) as object);
  if (keys.includes(SECOND_KEY)) return;
  throw new NodeError(
    'NODE_MISREADS_JSON',
    `Node ${version} reads keys of JSON wrongly: it returns a key of an object that it read before. Install Node 24 from 24.22.1 on, or Node 26 from 26.12.1 on`,
  );
}
