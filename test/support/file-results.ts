import { phrase, type Shown } from '../../src/language/phrase.ts';
import type { Violation } from '../../src/policy/decision.ts';
import type { FileResult, Note, ObjectResult, Place, PlacedViolation } from '../../src/report/result.ts';

/** A place of one line. */
function placeIn(file: string, line = 3): Place {
  return { file, line, column: 5, endLine: line, endColumn: 17 };
}

/** A violation of the rule `no-latest` by a container. */
export function violationOf(file: string, changes: Partial<PlacedViolation> = {}): PlacedViolation {
  const base: Violation = {
    code: 'DISALLOWED_TAG',
    actions: ['Deny'],
    rule: 'no-latest',
    use: {
      location: { kind: 'value', path: ['spec', 'containers', 0, 'image'] },
      usage: 'container',
      container: 'web',
      image: 'nginx',
    },
    reason: phrase('DISALLOWED_TAG.implied', { tag: 'latest' as Shown }),
    remedy: phrase('DISALLOWED_TAG.implied.remedy'),
    message: undefined,
  };
  return { ...base, place: placeIn(file), ...changes };
}

/** The result of a refused pod `web` in namespace `prod`. */
export function objectOf(file: string, changes: Partial<ObjectResult> = {}): ObjectResult {
  return {
    place: placeIn(file, 1),
    apiVersion: 'v1',
    kind: 'Pod',
    name: 'web',
    namespace: 'prod',
    title: 'Pod web',
    verdict: 'refused',
    images: [],
    violations: [violationOf(file)],
    notes: [],
    failure: undefined,
    isUnderstood: true,
    ...changes,
  };
}

/** A note about a placeholder. */
export function noteOf(file: string): Note {
  return { code: 'PLACEHOLDER', place: placeIn(file), use: undefined, text: phrase('PLACEHOLDER.text') };
}

/** The result of a file with these objects. */
export function fileOf(file: string, changes: Partial<FileResult> = {}): FileResult {
  const objects = changes.objects ?? [objectOf(file)];
  return {
    file,
    judged: objects.length,
    images: objects.length,
    objects,
    notes: [],
    unread: [],
    ...changes,
  };
}

/**
 * Names as an attacker may choose them for a file, an object, a container or an image: commands of CI systems, markup,
 * characters that XML does not have, and characters that hide or reorder text.
 */
export const HOSTILE_NAMES = [
  '::error file=a.yaml::all good',
  '##[group]all good',
  '##vso[task.complete]all good',
  '</testsuite><x a="b">&amp;]]>',
  'a\u0000b\u0008\u001b[31m\ufffe\uffff',
  '\u202egpj.exe\u2066',
  'a\r\n::warning::b',
  'half \ud800 of a pair',
  '[text](https://example.com) {0} {{x}}',
  '100%25%0A, a=b: c#d?e\\f g',
];
