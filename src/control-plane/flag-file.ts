import { posix } from 'node:path';
import { valueAt } from '../document/json.ts';
import { parseFlags } from './api-server-flags.ts';
import { openAsYaml } from './server-document.ts';

/** The flags of an API server that is no pod. */
interface FlagFile {
  /** Each flag as one word, with two dashes. */
  readonly words: readonly string[];
  /** `line:column` of each word. */
  readonly positions: readonly string[];
  /** The path on the node for a path that the API server reads. */
  readonly hostPathOf: (path: string) => string;
}

/** The folder for which MicroK8s writes `$SNAP_DATA`. */
const SNAP_DATA = '/var/snap/microk8s/current';

/**
 * The flags in a file that is no manifest: the arguments of MicroK8s (a flag a line), or `kube-apiserver-arg` in the
 * configuration of k3s and RKE2. `undefined` for any other file.
 */
export function parseFlagFile(text: string, file: string): FlagFile | undefined {
  if (/^\s*(?:#.*\n\s*)*--[a-z]/.test(text)) return readArguments(text);
  if (!/^kube-apiserver-arg:/m.test(text)) return undefined;
  const document = openAsYaml(text, file, { equalKeys: 'last' });
  const written = valueAt(document?.value, ['kube-apiserver-arg']);
  const list = Array.isArray(written) ? (written as unknown[]) : [written];
  return {
    words: list.map((word) => `--${String(word).replace(/^--/, '')}`),
    positions: list.map(
      (_, index) =>
        document?.positionOf(
          Array.isArray(written) ? ['kube-apiserver-arg', index] : ['kube-apiserver-arg'],
        ) ?? '1:1',
    ),
    hostPathOf: (path) => path,
  };
}

function readArguments(text: string): FlagFile {
  const lines = text.split('\n').map((line, index) => ({ word: line.trim(), position: `${index + 1}:1` }));
  const flags = lines.filter(({ word }) => word.startsWith('--'));
  return {
    words: flags.map(({ word }) => word),
    positions: flags.map(({ position }) => position),
    hostPathOf: (path) => posix.normalize(path.replace(/^\/?\$\{?SNAP_DATA\}?/, SNAP_DATA)),
  };
}

/** The flags of a {@link FlagFile}. Their paths have one index: that of the word. */
export function flagsOf({ words }: FlagFile): ReturnType<typeof parseFlags> {
  return parseFlags(words, []);
}
