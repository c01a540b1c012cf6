import type { Readable } from 'node:stream';
import type { FileResult } from '../report/result.ts';
import { renderChart } from '../review/render-first.ts';
import { findFiles, MAX_INPUT_BYTES, readInput, readStdin, type FoundInput } from './files.ts';
import { judgeFile, type Judge } from './judge-file.ts';

/**
 * Judges manifests as the gate would judge requests to create the objects. The result of each file comes as soon as the
 * file is judged, in the order of the paths; nothing of a file is kept. What cannot be read is a part of the results.
 */
export async function* checkFiles(
  paths: readonly string[],
  judge: Judge,
  stdin: Readable,
): AsyncGenerator<FileResult> {
  for (const input of findFiles(paths)) yield await checkFile(input, judge, stdin);
}

async function checkFile(input: FoundInput, judge: Judge, stdin: Readable): Promise<FileResult> {
  const { kind, file } = input;
  if (kind === 'chart') {
    const note = { code: 'RENDER_FIRST', place: undefined, use: undefined, text: renderChart(input.folder) };
    return { file, judged: 0, images: 0, objects: [], notes: [note], unread: [] };
  }
  if (kind === 'unreadable') return unreadable(file, input.error);
  let bytes: Uint8Array | undefined;
  try {
    bytes = kind === 'stdin' ? await readStdin(stdin) : readInput(file);
  } catch (error) {
    return unreadable(file, error);
  }
  if (bytes === undefined)
    return unread(file, 'INPUT_TOO_LARGE', `input has more than ${MAX_INPUT_BYTES} bytes`);
  return judgeFile({ file, mode: input.mode, bytes }, judge);
}

/** @throws the error itself if it does not come from the file system */
function unreadable(file: string, error: unknown): FileResult {
  if (!(error instanceof Error && 'syscall' in error)) throw error;
  return unread(file, 'FILE_UNREADABLE', `it cannot be read: ${error.message}`);
}

type UnreadCode = 'FILE_UNREADABLE' | 'INPUT_TOO_LARGE';

function unread(file: string, code: UnreadCode, sentence: string): FileResult {
  const part = { file, code, region: undefined, sentence };
  return { file, judged: 0, images: 0, objects: [], notes: [], unread: [part] };
}
