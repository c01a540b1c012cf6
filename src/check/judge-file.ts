import type { Bouncer } from '../bouncer.ts';
import { fieldsOf, type Path } from '../document/json.ts';
import { decodeUtf8 } from '../document/text.ts';
import { readManifestText } from '../document/manifest-text.ts';
import { DocumentError, type TextDocument } from '../document/text-document.ts';
import type { Policy } from '../policy/policy.ts';
import {
  resultOf,
  type FileResult,
  type ObjectResult,
  type Place,
  type UnreadPart,
} from '../report/result.ts';
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
  const unread: UnreadPart[] = [];
  for await (const document of documentsOf(bytes, file)) {
    if (document instanceof DocumentError) {
      const { code, region, sentence } = document;
      unread.push({ file, code, region, sentence });
      continue;
    }
    for (const manifest of openManifests(document, mode)) {
      if ('object' in manifest) objects.push(await judgeObject(file, manifest, judge));
      else unread.push({ file, code: 'NOT_AN_OBJECT', region: manifest.region, sentence: manifest.problem });
    }
  }
  const images = objects.reduce((sum, object) => sum + object.images.length, 0);
  return { file, judged: objects.length, images, objects, notes: [], unread };
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
  const locate = (path: Path): Place => ({ file, ...manifest.locate(path) });
  return resultOf({ apiVersion, kind, name: typeof name === 'string' ? name : '', review, decision, locate });
}
