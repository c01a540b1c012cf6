import type { Fields, Path } from '../document/json.ts';
import { quote } from '../image/quote.ts';
import { renderPath } from '../image/use.ts';
import { phrase, type Phrase, type Shown } from '../language/phrase.ts';
import { groupOf, WORKLOAD_KINDS } from '../workload/kinds.ts';
import { findSuspectedImages, type Suspicion } from '../workload/suspected-images.ts';
import type { ReviewNote } from './review-note.ts';

/** The groups of Kubernetes itself. No policy can describe a kind of them. */
const OWN_GROUPS: ReadonlySet<string> = new Set(
  '|apps|batch|autoscaling|extensions|policy|admissionregistration.k8s.io|apiextensions.k8s.io|apiregistration.k8s.io|authentication.k8s.io|authorization.k8s.io|certificates.k8s.io|coordination.k8s.io|discovery.k8s.io|events.k8s.io|flowcontrol.apiserver.k8s.io|internal.apiserver.k8s.io|metrics.k8s.io|networking.k8s.io|node.k8s.io|rbac.authorization.k8s.io|resource.k8s.io|scheduling.k8s.io|storage.k8s.io|storagemigration.k8s.io'.split(
    '|',
  ),
);

/** The group of the gate's own documents. */
const POLICY_GROUP = 'kube-image-bouncer.io';

/** Maximum number of fields that a note names. The others are counted. */
const MAX_FIELDS = 8;

/** Maximum number of characters of a name, a field and a whole entry in a note. */
const NAME_CHARACTERS = 128;
const ENTRY_CHARACTERS = 1024;

/**
 * The note about an object of a kind that the policy does not know; `undefined` if nothing in it looks like an image.
 * The note names the fields, and says how the gate learns about them.
 */
export function noteOfUnknownKind(apiVersion: string, kind: string, object: Fields): ReviewNote | undefined {
  const group = groupOf(apiVersion);
  // A policy names images, and nothing pulls them.
  if (group === POLICY_GROUP) return undefined;
  const isOwn = OWN_GROUPS.has(group);
  const [first, ...others] = distinct(findSuspectedImages(object, isOwn));
  if (first === undefined) return undefined;
  return {
    code: 'UNKNOWN_KIND',
    path: first.path,
    text: isOwn
      ? textOfWrongType(apiVersion, kind, first)
      : textOfCustomKind(group, kind, [first, ...others]),
  };
}

/** A suspicion, and its path as a policy writes it. */
interface PlacedSuspicion extends Suspicion {
  readonly at: string;
}

/** The items of a list have one path, so that it is named once. */
function distinct(suspicions: readonly Suspicion[]): readonly PlacedSuspicion[] {
  const byPath = new Map<string, PlacedSuspicion>();
  for (const suspicion of suspicions) {
    const at = renderFieldPath(suspicion.path);
    if (!byPath.has(at)) byPath.set(at, { ...suspicion, at });
  }
  return [...byPath.values()];
}

function textOfWrongType(apiVersion: string, kind: string, { path }: PlacedSuspicion): Phrase {
  const meant = WORKLOAD_KINDS.find((known) => known.kind.toLowerCase() === kind.toLowerCase());
  const names = {
    kind: quote(kind, NAME_CHARACTERS),
    version: quote(apiVersion, NAME_CHARACTERS),
    field: quote(renderPath(path), NAME_CHARACTERS),
  };
  const version = meant?.served[0];
  if (meant === undefined || version === undefined) return phrase('UNKNOWN_KIND.no-such-kind', names);
  return phrase('UNKNOWN_KIND.other-type', {
    ...names,
    served: quote(version),
    written: quote(meant.kind),
  });
}

function textOfCustomKind(group: string, kind: string, suspicions: readonly PlacedSuspicion[]): Phrase {
  const shown = suspicions
    .slice(0, MAX_FIELDS)
    .map(({ kind: what, at }) => quote(what === 'podSpec' ? `${at}.containers` : at, NAME_CHARACTERS));
  const count = suspicions.length - shown.length;
  const list = shown.join(', ') as Shown;
  const entry = renderEntry(group, kind, suspicions);
  return phrase('UNKNOWN_KIND.fields', {
    kind: quote(`${kind}.${group}`, NAME_CHARACTERS),
    fields: count > 0 ? phrase('words.and-more', { list, count }) : list,
    remedy: entry === undefined ? phrase('UNKNOWN_KIND.parts') : phrase('UNKNOWN_KIND.entry', { entry }),
  });
}

/** The entry of `spec.customResources` that names the fields, as YAML; `undefined` if no field can be named there. */
function renderEntry(group: string, kind: string, suspicions: readonly PlacedSuspicion[]): Shown | undefined {
  const images = suspicions.flatMap((suspicion) =>
    suspicion.kind === 'parts' ? [] : [renderImage(suspicion)],
  );
  if (images.length === 0) return undefined;
  const resource = `${pluralOf(kind.toLowerCase())}.${group}`;
  const text = `{resource: ${resource}, kind: ${kind}, images: [${images.join(', ')}]}`;
  return text.length > ENTRY_CHARACTERS ? undefined : quote(text, ENTRY_CHARACTERS);
}

function renderImage({ kind, at }: PlacedSuspicion): string {
  return `{${kind}: ${/^[\w.-]+$/.test(at) ? at : JSON.stringify(at)}}`;
}

/**
 * The plural that Kubernetes guesses for a kind.
 * @see https://github.com/kubernetes/apimachinery/blob/v0.37.1/pkg/api/meta/restmapper.go
 */
function pluralOf(singular: string): string {
  if (singular === 'endpoints') return singular;
  if (singular.endsWith('s')) return `${singular}es`;
  return singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

/** The path as `customResources` writes it: `spec.steps[*].image`. */
function renderFieldPath(path: Path): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += '[*]';
    else if (!/^[A-Za-z0-9_-]+$/.test(key)) text += `[${JSON.stringify(key)}]`;
    else text += text === '' ? key : `.${key}`;
  }
  return text;
}
