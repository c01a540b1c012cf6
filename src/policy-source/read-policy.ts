import { addAbortListener } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodePolicy } from '../policy/decode.ts';
import type { Policy } from '../policy/policy.ts';
import { programBeside, Thread, ThreadError } from '../thread/thread.ts';
import type { PolicyExamination } from './load.ts';
import { MAX_BYTES_WITHOUT_THREAD, PolicyFileError, policyUnreadable } from './policy-file.ts';
import type { PolicyQuestion } from './policy-reader.ts';

/** Longest time for which making a policy stops all other work of this thread, in milliseconds. */
const PIECE_MS = 10;

/** Examines the bytes of a file. Rejects with a {@link PolicyFileError} if that is not possible. */
type PolicyExaminer = (
  bytes: Uint8Array,
  file: string,
  signal: AbortSignal | undefined,
) => Promise<PolicyExamination>;

export interface ReadPolicyOptions {
  /** Selects among the `messages` of a rule. */
  readonly language?: string | undefined;
  /** @default examineInThread() */
  readonly examine?: PolicyExaminer | undefined;
  /** A clock in milliseconds. With it, making the policy lets other work go on. */
  readonly now?: (() => number) | undefined;
  /** Ends the reading, which then rejects. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a policy of the bytes of a file.
 * @throws {PolicyFileError} POLICY_SYNTAX or POLICY_INVALID, and the errors of `examine`
 */
export async function readPolicy(
  bytes: Uint8Array,
  file: string,
  { language, examine = examineInThread(), now, signal }: ReadPolicyOptions = {},
): Promise<Policy> {
  const found = await examine(bytes, file, signal);
  if (found.result === 'bad') throw new PolicyFileError(found.code, found.message, found.place);
  const { json, warnings } = found;
  return decodePolicy(JSON.parse(json), language, { pause: now && pauses(now), warnings });
}

/** What examining one policy may cost. */
interface ThreadBounds {
  /** Heap of the thread, in MiB. */
  readonly heapMiB: number;
  /** Longest time, in milliseconds. */
  readonly limitMs: number;
  /** Called if Node may not start a thread. Then a small policy is examined by this one. */
  readonly onNoThread?: () => void;
}

/** Enough for a policy of the largest size in ordinary YAML or JSON, which needs 48 MiB and half a second. */
const HEAP_MIB = 64;
const LIMIT_MS = 20_000;

/**
 * An examiner with a thread for each file, so that a broken or a large file neither stops nor ends anything here. It
 * rejects with POLICY_TOO_LARGE if an examination costs more than the bounds, and with POLICY_UNREADABLE if the thread fails.
 */
export function examineInThread({
  heapMiB = HEAP_MIB,
  limitMs = LIMIT_MS,
  onNoThread,
}: Partial<ThreadBounds> = {}): PolicyExaminer {
  return async (bytes, file, signal) => {
    try {
      await using thread = new Thread<PolicyQuestion, PolicyExamination>(
        programBeside('policy-reader', import.meta.url),
        { heapMiB },
      );
      using _ = signal && addAbortListener(signal, () => void thread[Symbol.asyncDispose]());
      return await thread.ask({ bytes, file }, limitMs);
    } catch (cause) {
      if (!(cause instanceof ThreadError)) throw cause;
      if (cause.code !== 'THREAD_NOT_ALLOWED') throw costOf(cause, file, { heapMiB, limitMs });
      onNoThread?.();
      return examineHere(bytes, file, cause);
    }
  };
}

function costOf(cause: ThreadError, file: string, { heapMiB, limitMs }: ThreadBounds): PolicyFileError {
  if (cause.code !== 'THREAD_TOO_SLOW' && cause.code !== 'THREAD_OUT_OF_MEMORY')
    return policyUnreadable(file, `the thread that reads it ${cause.message}`, { cause });
  const much =
    cause.code === 'THREAD_TOO_SLOW'
      ? `took more than ${limitMs / 1000} s`
      : `needs more than ${heapMiB} MiB of memory`;
  const message = `${file}: reading the policy ${much} (use patterns instead of long lists)`;
  return new PolicyFileError('POLICY_TOO_LARGE', message, file, { cause });
}

async function examineHere(bytes: Uint8Array, file: string, cause: ThreadError): Promise<PolicyExamination> {
  if (bytes.length > MAX_BYTES_WITHOUT_THREAD) {
    const sentence = `a policy of more than ${MAX_BYTES_WITHOUT_THREAD} bytes ${cause.message}`;
    throw new PolicyFileError('POLICY_TOO_LARGE', `${file}: ${sentence}`, file, { cause });
  }
  // Loads the YAML library, which only the thread loads otherwise.
  const { examinePolicy } = await import('./load.ts');
  return examinePolicy(bytes, file);
}

/** A function that lets other work of this thread go first if {@link PIECE_MS} have passed since it last did. */
function pauses(now: () => number): () => Promise<void> {
  let since = now();
  return async () => {
    if (now() - since < PIECE_MS) return;
    await nextTurn();
    since = now();
  };
}
