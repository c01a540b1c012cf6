import { createBouncer, type Bouncer } from '../bouncer.ts';
import { fieldsOf, type Path } from '../document/json.ts';
import { decodeUtf8 } from '../document/text.ts';
import { readManifestText } from '../document/manifest-text.ts';
import { DocumentError, type TextDocument } from '../document/text-document.ts';
import type { Decision } from '../policy/decision.ts';
import type { Policy } from '../policy/policy.ts';
import {
  resultOf,
  type FileResult,
  type Note,
  type ObjectResult,
  type Place,
  type UnreadPart,
} from '../report/result.ts';
import { inEnglish } from '../language/catalogue.ts';
import { notesOfObject } from '../review/object-notes.ts';
import { recogniseTemplate } from '../review/render-first.ts';
import { openManifests, type Manifest, type ManifestMode } from '../review/manifests.ts';
import { reviewOfObject } from '../review/review-of.ts';

/** Time for one verdict, in milliseconds. It is long, because no request waits for the verdict. */
const BUDGET_MS = 60_000;

/** How the objects of all files are judged. It is plain data, so that each thread can make its own judge. */
export interface JudgeSettings {
  /** The document of the policy. */
  readonly policy: unknown;
  /** Selects among the `messages` of a rule. */
  readonly language: string | undefined;
  /** Namespace of objects that name none. @default unknown */
  readonly namespace: string | undefined;
  /** Whether the results have every object, or only those with something to report. */
  readonly everyObject: boolean;
}

/** What judges the objects of all files. */
export interface Judge extends Pick<JudgeSettings, 'namespace' | 'everyObject'> {
  readonly bouncer: Bouncer;
  readonly policy: Policy;
}

/** The judge with a policy that was made of the document and the language of the settings. */
export function createJudge({ namespace, everyObject }: JudgeSettings, policy: Policy): Judge {
  return { namespace, everyObject, policy, bouncer: createBouncer({ policies: { current: () => policy } }) };
}

/** Files as they were read. */
export interface FileBatch {
  readonly files: readonly {
    readonly file: string;
    readonly mode: ManifestMode;
    /** Number of its bytes. */
    readonly length: number;
  }[];
  /** The bytes of all files, one file after the other. */
  readonly bytes: Uint8Array;
}

/** Judges all objects of files. A document that cannot be read hides no other document. */
export async function judgeFiles({ files, bytes }: FileBatch, judge: Judge): Promise<FileResult[]> {
  const results: FileResult[] = [];
  let start = 0;
  for (const { file, mode, length } of files) {
    results.push(await judgeFile(file, mode, bytes.subarray(start, start + length), judge));
    start += length;
  }
  return results;
}

async function judgeFile(
  file: string,
  mode: ManifestMode,
  bytes: Uint8Array,
  judge: Judge,
): Promise<FileResult> {
  const objects: ObjectResult[] = [];
  const notes: Note[] = [];
  const unread: UnreadPart[] = [];
  let judged = 0;
  let images = 0;
  for await (const document of documentsOf(bytes, file)) {
    if (document instanceof DocumentError) {
      unread.push(unreadDocument(document, bytes, file));
      continue;
    }
    for (const part of openManifests(document, file, mode)) {
      if (part.what === 'note') {
        notes.push({ code: part.code, place: { file, ...part.region }, use: undefined, text: part.text });
      } else if (part.what === 'object') {
        const { result, decision } = await judgeObject(file, part, judge);
        judged += 1;
        images += decision.uses.length;
        if (result !== undefined) objects.push(result);
      } else unread.push({ file, code: 'NOT_AN_OBJECT', region: part.region, sentence: part.problem });
    }
  }
  if (mode === 'strict' && judged === 0 && unread.length === 0)
    unread.push({ file, code: 'NOT_AN_OBJECT', region: undefined, sentence: 'it has no Kubernetes object' });
  return { file, judged, images, objects, notes, unread };
}

/** A document that is no YAML. If the file is a template, that is the reason. */
function unreadDocument(
  { code, region, sentence }: DocumentError,
  bytes: Uint8Array,
  file: string,
): UnreadPart {
  const template = recogniseTemplate(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(),
    file,
  );
  return template === undefined
    ? { file, code, region, sentence }
    : { file, code: 'RENDER_FIRST', region, sentence: inEnglish(template) };
}

async function* documentsOf(bytes: Uint8Array, file: string): AsyncGenerator<TextDocument | DocumentError> {
  let text: string;
  try {
    text = decodeUtf8(bytes, file);
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    yield error;
    return;
  }
  yield* readManifestText(text, file);
}

interface JudgedObject {
  readonly decision: Decision;
  /** `undefined` if there is nothing to report, and not every object is wanted. */
  readonly result: ObjectResult | undefined;
}

async function judgeObject(
  file: string,
  manifest: Manifest,
  { bouncer, policy, namespace, everyObject }: Judge,
): Promise<JudgedObject> {
  const { apiVersion, kind, object } = manifest;
  const review = reviewOfObject({ apiVersion, kind, object, namespace }, policy);
  const decision = await bouncer.decide(review, BUDGET_MS);
  const { outcome, violations, notices } = decision;
  const { notes: remarks, isUnderstood } = notesOfObject(
    { apiVersion, kind, object, file },
    decision,
    policy,
  );
  const isQuiet = outcome === 'admitted' && violations.length + remarks.length === 0 && isUnderstood;
  // The places of a result cost as much as reading the document.
  if (!everyObject && isQuiet && notices.every(({ code }) => code === 'UNKNOWN_KIND'))
    return { decision, result: undefined };
  const metadata = fieldsOf(object['metadata']);
  const name = metadata['name'] ?? metadata['generateName'];
  const result = resultOf({
    apiVersion,
    kind,
    name: typeof name === 'string' ? name : '',
    review,
    decision,
    locate: (path: Path): Place => ({ file, ...manifest.locate(path) }),
    remarks,
    isUnderstood,
  });
  return { decision, result };
}
