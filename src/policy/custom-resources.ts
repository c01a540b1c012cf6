import {
  customKind,
  image,
  podSpec,
  type CustomKind,
  type ImageSource,
} from '../workload/custom/custom-kind.ts';
import { FieldPathError } from '../workload/custom/field-path.ts';
import { kindsIn, KNOWN_KINDS, withCustomKinds } from '../workload/kinds.ts';
import type { KindTable } from '../workload/kinds.ts';
import { parameterError, type PolicyProblem, ProblemList } from './parameter-error.ts';
import { isCustomResource, OWN_RESOURCES } from './resource.ts';
import type { CustomResourceDocument, ImageSourceDocument } from './schema.ts';

/** The kinds that a policy knows, and the problems of its own custom resources. */
interface DecodedKinds {
  readonly kinds: KindTable;
  readonly problems: readonly PolicyProblem[];
}

/** Adds a policy's own custom resources to those of the gate. The table belongs to this policy alone. */
export function decodeKinds(documents: readonly CustomResourceDocument[] = []): DecodedKinds {
  const own: CustomKind[] = [];
  const list = new ProblemList();
  list.each(documents, ['spec', 'customResources'], (document) => {
    own.push(decodeCustomResource(document, own));
  });
  const { problems } = list;
  return { kinds: own.length === 0 ? KNOWN_KINDS : withCustomKinds(KNOWN_KINDS, own), problems };
}

function decodeCustomResource(document: CustomResourceDocument, own: readonly CustomKind[]): CustomKind {
  const { resource, kind } = document;
  if (OWN_RESOURCES.has(resource)) {
    throw parameterError(
      ['resource'],
      `${resource} belongs to Kubernetes, and the gate already finds all its images`,
      'leave it out',
    );
  }
  if (!isCustomResource(resource)) {
    throw parameterError(
      ['resource'],
      `${JSON.stringify(resource)} is not a plural and a group of a custom resource`,
      'write it like widgets.example.com',
    );
  }
  if (own.some((other) => other.resource === resource)) {
    throw parameterError(['resource'], `${resource} is listed twice`, 'write all its images in one entry');
  }
  const list = new ProblemList();
  const sources = list.each(document.images, ['images'], (source) => decodeSource(source, []));
  list.throwIfAny();
  const differences = {
    scope: document.scope ?? '*',
    ruleScope: '*',
    ...(document.template !== undefined && { template: document.template }),
  } as const;
  const decoded = customKind(resource, kind, sources, differences);
  const shipped = findShipped(decoded, own);
  if (shipped !== undefined && document.scope !== undefined && document.scope !== shipped.scope)
    throw parameterError(['scope'], `${resource} is ${shipped.scope}`, 'leave it out');
  // A policy adds paths to a kind that the gate knows. It never removes one.
  return shipped === undefined
    ? decoded
    : {
        ...shipped,
        template: shipped.template && decoded.template,
        sources: [...shipped.sources, ...sources],
      };
}

/** The kind of this name that the gate knows. A resource has one kind, and a kind has one resource. */
function findShipped(
  { resource, group, kind }: CustomKind,
  own: readonly CustomKind[],
): CustomKind | undefined {
  const custom = kindsIn(KNOWN_KINDS).filter((known) => known.origin === 'custom');
  for (const known of [...custom, ...own]) {
    if (known.group !== group || (known.resource === resource) === (known.kind === kind)) continue;
    throw parameterError(
      ['kind'],
      `${kind} is not the kind of ${resource}`,
      `${known.resource} is a ${known.kind}`,
    );
  }
  return custom.find((known) => known.resource === resource);
}

function decodeSource(source: ImageSourceDocument, path: readonly (string | number)[]): ImageSource {
  // The schema has checked that one of the two exists.
  const [key, text] =
    source.podSpec === undefined ? ['image', source.image ?? ''] : ['podSpec', source.podSpec];
  const decoded = parseSource(source, [...path, key]);
  const [first] = decoded.at.steps;
  if (first?.kind !== 'key') {
    const hint = 'begin with spec, or another field of the object';
    throw parameterError([...path, key], `${JSON.stringify(text)} does not begin with a field`, hint);
  }
  if (first.key === 'status') {
    const hint = 'name the field of spec that the controller copies there';
    throw parameterError(
      [...path, key],
      `${JSON.stringify(text)} is in the status, which controllers write and the gate does not judge`,
      hint,
    );
  }
  if (decoded.kind === 'podSpec' && decoded.at.steps.at(-1)?.kind === 'keys') {
    throw parameterError([...path, key], 'a key cannot be a pod spec', 'write .* for the values of a map');
  }
  return decoded;
}

function parseSource(source: ImageSourceDocument, path: readonly (string | number)[]): ImageSource {
  try {
    return source.podSpec === undefined
      ? image(source.image ?? '', source.usage ?? 'container')
      : podSpec(source.podSpec);
  } catch (cause) {
    if (!(cause instanceof FieldPathError)) throw cause;
    const hint = 'write keys with dots between them, [*] for the items of a list, .* for the values of a map';
    throw parameterError(path, cause.message, hint, { cause });
  }
}
