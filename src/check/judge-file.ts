import type { Bouncer } from '../bouncer.ts';
import { fieldsOf, type Path } from '../document/json.ts';
import { decodeUtf8 } from '../document/text.ts';
import { readManifestText } from '../document/manifest-text.ts';
import { DocumentError, type TextDocument } from '../document/text-document.ts';
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

/** What judges the objects of all files. */
export interface Judge {
  readonly bouncer: Bouncer;
  readonly policy: Policy;
  /** Namespace of objects that name none. @default unknown */
  readonly namespace?: string | undefined;
}

/** A file as it was read. */
interface ReadFile {
  readonly file: string;
  readonly mode: ManifestMode;
  readonly bytes: Uint8Array;
}

/** Judges all objects of a file. A document that cannot be read hides no other document. */
export async function judgeFile({ file, mode, bytes }: ReadFile, judge: Judge): Promise<FileResult> {
  const objects: ObjectResult[] = [];
  const notes: Note[] = [];
  const unread: UnreadPart[] = [];
  for await (const document of documentsOf(bytes, file)) {
    if (document instanceof DocumentError) {
      unread.push(unreadDocument(document, bytes, file));
      continue;
    }
    for (const part of openManifests(document, file, mode)) {
      if (part.what === 'object') objects.push(await judgeObject(file, part, judge));
      else if (part.what === 'note')
        notes.push({ code: part.code, place: { file, ...part.region }, use: undefined, text: part.text });
      else unread.push({ file, code: 'NOT_AN_OBJECT', region: part.region, sentence: part.problem });
    }
  }
  if (mode === 'strict' && objects.length === 0 && unread.length === 0)
    unread.push({ file, code: 'NOT_AN_OBJECT', region: undefined, sentence: 'it has no Kubernetes object' });
  const images = objects.reduce((sum, object) => sum + object.images.length, 0);
  return { file, judged: objects.length, images, objects, notes, unread };
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

async function judgeObject(
  file: string,
  manifest: Manifest,
  { bouncer, policy, namespace }: Judge,
): Promise<ObjectResult> {
  const { apiVersion, kind, object } = manifest;
  const review = reviewOfObject({ apiVersion, kind, object, namespace }, policy);
  const decision = await bouncer.decide(review, BUDGET_MS);
  const metadata = fieldsOf(object['metadata']);
  const name = metadata['name'] ?? metadata['generateName'];
  const { notes: remarks, isUnderstood } = notesOfObject(
    { apiVersion, kind, object, file },
    decision,
    policy,
  );
  return resultOf({
    apiVersion,
    kind,
    name: typeof name === 'string' ? name : '',
    review,
    decision,
    locate: (path: Path): Place => ({ file, ...manifest.locate(path) }),
    remarks,
    isUnderstood,
  });
}
