/** The parts of an API server's OpenAPI document (version 2) that this file reads. */
export interface OpenApi {
  readonly definitions: Readonly<Record<string, Schema>>;
  readonly paths: Readonly<Record<string, PathItem>>;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

type PathItem = Readonly<Partial<Record<'post' | 'put', Operation>>> & Parameters;

interface Operation extends Parameters {
  readonly 'x-kubernetes-group-version-kind'?: Readonly<Record<'group' | 'version' | 'kind', string>>;
}

interface Parameters {
  readonly parameters?: readonly { readonly in: string; readonly schema?: Schema }[];
}

/** A field that may hold an image, by its name or description. */
export interface ImageField {
  /** `apps/v1 Deployment` */
  readonly kind: string;
  /** `spec.template.spec.containers[*].image` */
  readonly path: string;
  /** The type that has the field, and its name: `core.v1.Container image`. */
  readonly owner: string;
}

const NAME = /image|repositor|registry|artifact|pullspec|^reference$/i;
const DESCRIPTION = /\bimages?\b|\bOCI\b|\bregistry\b/i;

/**
 * Every field that may hold an image, of every object that a client can create or replace, subresources included: a
 * string whose name, parent's name or description mentions images, and every field of any type.
 */
export function findImageFields({ definitions, paths }: OpenApi): readonly ImageField[] {
  const found = new Map<string, ImageField>();
  for (const [kind, definition] of servedKinds(paths)) {
    walk(definitions, { kind, definition, path: '', around: '', seen: [] }, (field) =>
      found.set(`${field.kind} ${field.path}`, field),
    );
  }
  return [...found.values()];
}

/** Kinds that a client can send → name of the definition. */
function servedKinds(paths: OpenApi['paths']): ReadonlyMap<string, string> {
  const kinds = new Map<string, string>();
  for (const item of Object.values(paths)) {
    for (const operation of [item.post, item.put]) {
      const gvk = operation?.['x-kubernetes-group-version-kind'];
      const parameters = [...(operation?.parameters ?? []), ...(item.parameters ?? [])];
      const definition = refOf(parameters.find((parameter) => parameter.in === 'body')?.schema);
      if (gvk === undefined || definition === undefined) continue;
      kinds.set(`${gvk.group === '' ? '' : `${gvk.group}/`}${gvk.version} ${gvk.kind}`, definition);
    }
  }
  return kinds;
}

function refOf(schema: Schema | undefined): string | undefined {
  return schema?.$ref?.replace('#/definitions/', '');
}

interface Spot {
  readonly kind: string;
  readonly definition: string;
  readonly path: string;
  /** Name of the field that holds this part. */
  readonly around: string;
  /** Definitions on the path. The search ends at a definition that contains itself. */
  readonly seen: readonly string[];
}

type OnField = (field: ImageField) => void;

function walk(definitions: OpenApi['definitions'], spot: Spot, onField: OnField): void {
  if (spot.seen.includes(spot.definition)) return;
  for (const [name, schema] of Object.entries(definitions[spot.definition]?.properties ?? {})) {
    walkProperty(definitions, spot, name, schema, onField);
  }
}

function walkProperty(
  definitions: OpenApi['definitions'],
  spot: Spot,
  name: string,
  schema: Schema,
  onField: OnField,
): void {
  const { kind, definition, seen } = spot;
  const { inner, suffix } = unwrap(schema);
  const path = `${spot.path === '' ? '' : `${spot.path}.`}${name}${suffix}`;
  const next = refOf(inner);
  if (next !== undefined && definitions[next]?.properties !== undefined) {
    walk(definitions, { kind, definition: next, path, around: name, seen: [...seen, definition] }, onField);
    return;
  }
  const leaf = next === undefined ? inner : definitions[next];
  const isNamed = NAME.test(name) || NAME.test(spot.around) || DESCRIPTION.test(schema.description ?? '');
  const isText = leaf?.type === 'string';
  // Neither fields nor a scalar type: an object of any form, such as RawExtension.
  const isAnything = leaf?.type === undefined || (leaf.type === 'object' && leaf.properties === undefined);
  if (isAnything || (isText && isNamed)) onField({ kind, path, owner: `${shorten(definition)} ${name}` });
}

/** The type of the items of lists and maps, at any depth. */
function unwrap(schema: Schema): { readonly inner: Schema; readonly suffix: string } {
  const held =
    schema.items ??
    (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
  if (held === undefined) return { inner: schema, suffix: '' };
  const { inner, suffix } = unwrap(held);
  return { inner, suffix: `${schema.items === undefined ? '.*' : '[*]'}${suffix}` };
}

function shorten(definition: string): string {
  return definition.replace(
    /^io\.k8s\.(api\.|apimachinery\.pkg\.|kube-aggregator\.pkg\.|apiextensions-apiserver\.pkg\.)?(apis\.)?/,
    '',
  );
}
