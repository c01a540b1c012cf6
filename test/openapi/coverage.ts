import type { Fields } from '../../src/document/json.ts';
import { findImages } from '../../src/workload/images.ts';
import { findWorkloadKind, groupOf } from '../../src/workload/kinds.ts';
import type { CoveredField, CoveredKind, WalkedVersion } from './covered.ts';
import type { ImageField } from './image-fields.ts';
import type { NotAnImage } from './not-images.ts';
import { fieldOf } from '../../src/image/use.ts';

/** The two lists. Every field must be in one of them. */
export interface Lists {
  readonly kinds: readonly CoveredKind[];
  readonly fields: readonly CoveredField[];
  readonly notImages: readonly NotAnImage[];
}

/** Fields of an API server that no list has, and fields of the lists that the API server does not have. */
export function compare(
  found: readonly ImageField[],
  { kinds, fields, notImages }: Lists,
  version: WalkedVersion,
): readonly string[] {
  const here = <Row extends { readonly only?: WalkedVersion }>(rows: readonly Row[]): readonly Row[] =>
    rows.filter(({ only }) => only === undefined || only === version);
  const covered = new Set(
    here(kinds).flatMap(({ kind, podSpec }) => here(fields).map(({ path }) => `${kind} ${podSpec}.${path}`)),
  );
  const listed = new Set(here(notImages).map(({ owner }) => owner));
  const places = new Set(found.map(({ kind, path }) => `${kind} ${path}`));
  const owners = new Set(found.map(({ owner }) => owner));
  return [
    ...found
      .filter(({ kind, path, owner }) => !covered.has(`${kind} ${path}`) && !listed.has(owner))
      .map(({ kind, path, owner }) => `neither covered nor listed: ${kind} ${path} (${owner})`),
    ...[...covered].filter((place) => !places.has(place)).map((place) => `covered and not there: ${place}`),
    ...[...listed].filter((owner) => !owners.has(owner)).map((owner) => `listed and not there: ${owner}`),
    ...[...covered].filter((place) => !isFound(place)).map((place) => `covered and not found: ${place}`),
  ];
}

const MARK = 'registry.example.com/marked:1';

/** Whether the gate finds an image at a path of an object that is otherwise good. */
function isFound(place: string): boolean {
  const [apiVersion = '', kind = '', path = ''] = place.split(' ');
  const workload = findWorkloadKind(groupOf(apiVersion), kind);
  if (workload === undefined) return false;
  const images = findImages(workload, objectWith(path, { containers: [{ name: 'a', image: 'good:1' }] }));
  const field = path.replaceAll('[*]', '[0]');
  return images.kind === 'list' && images.uses.some((use) => fieldOf(use) === field && use.image === MARK);
}

/** An object with a marked image at a path, and further fields in its `PodSpec`. */
function objectWith(path: string, podSpec: Fields): Fields {
  const keys = path.split('.');
  const list = keys.findIndex((key) => key.endsWith('[*]'));
  const content = keys.slice(list + 1).reduceRight<unknown>((value, key) => ({ [key]: value }), MARK);
  const spec = { ...podSpec, [keys[list]?.replace('[*]', '') ?? '']: [content] };
  return keys.slice(0, list).reduceRight<unknown>((value, key) => ({ [key]: value }), spec) as Fields;
}
