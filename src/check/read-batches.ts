import type { Readable } from 'node:stream';
import type { FileResult, UnreadPart } from '../report/result.ts';
import { renderChart } from '../review/render-first.ts';
import { MAX_INPUT_BYTES, readInput, readStdin, type FoundInput, type InputFile } from './files.ts';
import type { FileBatch } from './judge-file.ts';

/** Most bytes of a file that is judged together with others. */
const SMALL_BYTES = 64 * 1024;

/** Most bytes and files of a batch. A batch takes some milliseconds. */
const BATCH_BYTES = 4 * SMALL_BYTES;
const BATCH_FILES = 64;

/** What is to be judged next, in the order of the files. */
export type Work =
  /** Small files. Their bytes stay as they are only until the next work is read. */
  | { readonly kind: 'small'; readonly batch: FileBatch }
  /** One large file. */
  | { readonly kind: 'large'; readonly batch: FileBatch }
  /** Nothing: the result of a file is known without judging it. */
  | { readonly kind: 'done'; readonly result: FileResult };

/** Reads files one after the other. Nothing of a file is kept when the next work is read. */
export async function* readBatches(inputs: Iterable<FoundInput>, stdin: Readable): AsyncGenerator<Work> {
  const buffer = new Uint8Array(BATCH_BYTES);
  let files: FileBatch['files'][number][] = [];
  let length = 0;
  const takeSmall = (): Work[] => {
    const batch = { files, bytes: buffer.subarray(0, length) };
    files = [];
    length = 0;
    return batch.files.length === 0 ? [] : [{ kind: 'small', batch }];
  };
  for (const input of inputs) {
    if (files.length === BATCH_FILES || length + SMALL_BYTES >= BATCH_BYTES) yield* takeSmall();
    if (input.kind === 'unreadable' || input.kind === 'chart') {
      yield* takeSmall();
      yield { kind: 'done', result: resultOf(input) };
      continue;
    }
    const bytes = await readOne(input, buffer.subarray(length), stdin);
    if ('code' in bytes) {
      yield* takeSmall();
      yield { kind: 'done', result: resultOfUnread(bytes) };
    } else if (bytes.length > SMALL_BYTES) {
      yield* takeSmall();
      // A copy, because the bytes go to another thread.
      yield { kind: 'large', batch: { files: [fileOf(input, bytes.length)], bytes: bytes.slice() } };
    } else {
      files.push(fileOf(input, bytes.length));
      length += bytes.length;
    }
  }
  yield* takeSmall();
}

function resultOf(input: Exclude<FoundInput, InputFile>): FileResult {
  const { file } = input;
  if (input.kind === 'unreadable') return resultOfUnread(unreadable(file, input.error));
  const note = { code: 'RENDER_FIRST', place: undefined, use: undefined, text: renderChart(input.folder) };
  return { file, judged: 0, images: 0, objects: [], notes: [note], unread: [] };
}

function fileOf({ file, mode }: InputFile, length: number): FileBatch['files'][number] {
  return { file, mode, length };
}

/** The bytes of a file, at the beginning of `space` if there is room. */
async function readOne(
  input: InputFile,
  space: Uint8Array,
  stdin: Readable,
): Promise<Uint8Array | UnreadPart> {
  const { file } = input;
  try {
    const bytes = input.kind === 'stdin' ? await readStdin(stdin, space) : readInput(file, space);
    return bytes ?? unread(file, 'INPUT_TOO_LARGE', `input has more than ${MAX_INPUT_BYTES} bytes`);
  } catch (error) {
    return unreadable(file, error);
  }
}

/** @throws the error itself if it does not come from the file system */
function unreadable(file: string, error: unknown): UnreadPart {
  if (!(error instanceof Error && 'syscall' in error)) throw error;
  return unread(file, 'FILE_UNREADABLE', `it cannot be read: ${error.message}`);
}

type UnreadCode = 'FILE_UNREADABLE' | 'INPUT_TOO_LARGE' | 'FILE_TOO_COSTLY';

/** A file that is not judged at all. */
export function unread(file: string, code: UnreadCode, sentence: string): UnreadPart {
  return { file, code, region: undefined, sentence };
}

/** The result of a file that is not judged. */
export function resultOfUnread(part: UnreadPart): FileResult {
  return { file: part.file, judged: 0, images: 0, objects: [], notes: [], unread: [part] };
}
