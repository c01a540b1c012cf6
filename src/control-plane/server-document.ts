import { Lines } from '../document/text-document.ts';
import { DocumentError, type DocumentOptions, parseDocuments, type TextDocument } from '../document/yaml.ts';

/** How equal keys are read; see {@link DocumentOptions}. */
type EqualKeys = Pick<DocumentOptions, 'equalKeys'>;

/**
 * The document that kube-apiserver or the kubelet reads from a file: JSON if the text begins with `{`, otherwise the
 * first YAML document by the rules of go-yaml. `undefined` if it is empty. Later documents are never read.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @see https://github.com/kubernetes/apimachinery/blob/v0.37.1/pkg/util/yaml/decoder.go `ToJSON`
 */
export function openAsApiServer(text: string, file: string, options: EqualKeys): TextDocument | undefined {
  if (beginsAsJson(text)) requireJson(text, file);
  return openAsYaml(text, file, options);
}

/**
 * The document that readers see who take JSON for YAML, with its comments: client-go for a kubeconfig, and
 * `ImagePolicyWebhook` for its settings.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 */
export function openAsYaml(text: string, file: string, options: EqualKeys): TextDocument | undefined {
  return parseDocuments(firstDocument(text), file, { ...options, scalars: 'go', mergeKeys: true })[0];
}

/** Whether the API server takes a text for JSON: its first character is a brace. */
export function beginsAsJson(text: string): boolean {
  // A byte order mark is white space for JavaScript, and not for Go.
  return /^[^\S\uFEFF]*\{/.test(text);
}

/** The text up to the line that ends the first document. */
function firstDocument(text: string): string {
  let hasBegun = false;
  for (const line of text.matchAll(/^.*$/gm)) {
    const isMark = /^---(?:\s|$)/.test(line[0]);
    if (hasBegun && (isMark || /^\.\.\.(?:\s|$)/.test(line[0]))) return text.slice(0, line.index);
    // Before the first mark there are only comments and directives.
    hasBegun ||= isMark || !/^\s*(?:[#%]|$)/.test(line[0]);
  }
  return text;
}

function requireJson(text: string, file: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : '';
    const [, offset] = /at position (\d+)/.exec(message) ?? [];
    const at = offset === undefined ? text.trimEnd().length : Number(offset);
    throw new DocumentError(
      file,
      new Lines(text).positionOf(at),
      `the file begins with "{", so the API server reads it as JSON, and ${problemAt(text, at)}`,
      { cause },
    );
  }
}

function problemAt(text: string, at: number): string {
  if (/^(?:\/\/|\/\*|#)/.test(text.slice(at))) return 'JSON has no comments (remove the comment)';
  if (/^[\]}]/.test(text.slice(at)) && text.slice(0, at).trimEnd().endsWith(','))
    return 'JSON has no comma before a closing bracket (remove the comma)';
  if (at >= text.trimEnd().length) return 'it ends before its last bracket (close the bracket)';
  return 'this is not JSON (write valid JSON, or YAML that does not begin with a brace)';
}
