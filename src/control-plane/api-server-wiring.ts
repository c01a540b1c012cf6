import { type Edit, editDocument } from '../document/edit.ts';
import { valueAt } from '../document/json.ts';
import { parseDocuments } from '../document/yaml.ts';
import { itemsOf, renderFlag } from './api-server-flags.ts';
import {
  type ApiServerManifest,
  IMAGE_POLICY_PLUGIN,
  invalid,
  listAt,
  parseApiServerManifest,
} from './api-server-manifest.ts';

/** What our volume is called. */
export const VOLUME = 'kube-image-bouncer';

/** Where the fingerprint stands. */
export const FINGERPRINT = 'kube-image-bouncer.io/configuration';

const CONFIGURATION_FLAG = 'admission-control-config-file';

export interface ApiServerWiring {
  /** The `AdmissionConfiguration`, as the API server sees it; what the flag names already stays. */
  readonly configurationFile: string;
  /** The folder of the node that the API server has to see, at the same path. */
  readonly folder: string;
  /** Of what the API server reads only when it starts: another one in the manifest has the kubelet start it anew. */
  readonly fingerprint: string;
  /** Turns `ImagePolicyWebhook` on; webhooks that are read from files need no plugin but one that is on. @default true */
  readonly enablesPlugin?: boolean;
  /** Where the fingerprint stands; each wiring of a node has its own. @default {@link FINGERPRINT} */
  readonly annotation?: string;
}

/**
 * The manifest of kube-apiserver with `ImagePolicyWebhook` among its plugins, the `AdmissionConfiguration` named, and
 * our folder mounted read-only. What is there already stays as it is.
 *
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID
 * @throws {EditError} DOCUMENT_NOT_EDITABLE
 */
export function wireApiServer(text: string, file: string, wiring: ApiServerWiring): string {
  const manifest = parseApiServerManifest(text, file);
  const named = editDocument(text, file, wiring.enablesPlugin === false ? [] : enablePlugin(manifest));
  const configured = editDocument(
    named,
    file,
    nameConfiguration(parseApiServerManifest(named, file), wiring),
  );
  return editDocument(configured, file, [
    ...mountFolder(configured, file, wiring.folder),
    {
      kind: 'set',
      path: ['metadata', 'annotations', wiring.annotation ?? FINGERPRINT],
      value: wiring.fingerprint,
    },
  ]);
}

function enablePlugin({
  flag,
  flags,
  flagList,
  enabledPlugins,
  disabledPlugins,
  placeOf,
}: ApiServerManifest): Edit[] {
  if (disabledPlugins.includes(IMAGE_POLICY_PLUGIN)) {
    throw invalid(
      placeOf(flag('disable-admission-plugins')?.path ?? flagList),
      `--disable-admission-plugins names ${IMAGE_POLICY_PLUGIN} (take it out there)`,
    );
  }
  if (enabledPlugins.includes(IMAGE_POLICY_PLUGIN)) return [];
  const list = flags.findLast(
    ({ name }) => name === 'enable-admission-plugins' || name === 'admission-control',
  );
  if (list === undefined)
    return [addFlag(flagList, flags, `--enable-admission-plugins=${IMAGE_POLICY_PLUGIN}`)];
  const plugins = [...itemsOf(list.value), IMAGE_POLICY_PLUGIN].join(',');
  return [{ kind: 'set', path: list.path, value: renderFlag(list, plugins) }];
}

function nameConfiguration(
  { flag, flags, flagList }: ApiServerManifest,
  { configurationFile }: ApiServerWiring,
): Edit[] {
  const found = flag(CONFIGURATION_FLAG);
  if (found === undefined) return [addFlag(flagList, flags, `--${CONFIGURATION_FLAG}=${configurationFile}`)];
  return [{ kind: 'set', path: found.path, value: renderFlag(found, configurationFile) }];
}

/** Behind the last flag of the list; words that belong to none may follow it. */
function addFlag(list: ApiServerManifest['flagList'], flags: ApiServerManifest['flags'], word: string): Edit {
  const places = flags
    .map(({ path }) => path)
    .filter((path) => path.length === list.length + 1 && list.every((key, index) => path[index] === key));
  return { kind: 'set', path: [...list, Number(places.at(-1)?.at(-1) ?? -1) + 1], value: word };
}

function mountFolder(text: string, file: string, folder: string): Edit[] {
  const manifest = parseApiServerManifest(text, file);
  if (manifest.hostPathOf(folder) === folder) return [];
  const pod = parseDocuments(text, file)[0]?.value;
  const mount = { mountPath: folder, name: VOLUME, readOnly: true };
  const volume = { hostPath: { path: folder, type: 'DirectoryOrCreate' }, name: VOLUME };
  const volumes = listAt(pod, ['spec', 'volumes']);
  const index = volumes.findIndex((one) => valueAt(one, ['name']) === VOLUME);
  const mounts = manifest.mounts.findIndex(({ name }) => name === VOLUME);
  const mountList = [...manifest.container, 'volumeMounts'];
  return [
    {
      kind: 'set',
      path: manifest.mounts[mounts]?.path ?? [...mountList, listAt(pod, mountList).length],
      value: mount,
    },
    { kind: 'set', path: ['spec', 'volumes', index === -1 ? volumes.length : index], value: volume },
  ];
}

export interface ApiServerUnwiring {
  /** Leaves `ImagePolicyWebhook` on. @default false */
  readonly keepPlugin?: boolean;
  /** What the fingerprint is called that goes. @default {@link FINGERPRINT}, which stays with the configuration */
  readonly annotation?: string;
  /** Leaves the flag that names the `AdmissionConfiguration`, and our mount, for what else they serve. @default false */
  readonly keepConfiguration?: boolean;
}

/**
 * The manifest without what {@link wireApiServer} puts in, wherever it came from. A manifest without it comes back
 * as it was.
 *
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID
 * @throws {EditError} DOCUMENT_NOT_EDITABLE
 */
export function unwireApiServer(text: string, file: string, options: ApiServerUnwiring = {}): string {
  const { keepPlugin = false, keepConfiguration = false, annotation } = options;
  const withoutPlugin = removeFlags(text, file, ({ name, value }) =>
    !keepPlugin &&
    (name === 'enable-admission-plugins' || name === 'admission-control') &&
    itemsOf(value).includes(IMAGE_POLICY_PLUGIN)
      ? itemsOf(value).filter((plugin) => plugin !== IMAGE_POLICY_PLUGIN)
      : undefined,
  );
  if (keepConfiguration)
    return annotation === undefined ? withoutPlugin : editDocument(withoutPlugin, file, [unmark(annotation)]);
  const withoutFlag = removeFlags(withoutPlugin, file, ({ name }) =>
    name === CONFIGURATION_FLAG ? [] : undefined,
  );
  return removeVolume(withoutFlag, file, annotation ?? FINGERPRINT);
}

function unmark(annotation: string): Edit {
  return { kind: 'remove', path: ['metadata', 'annotations', annotation] };
}

/** Whether a manifest carries the fingerprint of a wiring. */
export function isMarked(text: string, file: string, annotation: string): boolean {
  return valueAt(parseDocuments(text, file)[0]?.value, ['metadata', 'annotations', annotation]) !== undefined;
}

/** `left`: what is left of the flag's value; nothing removes the flag, `undefined` leaves it alone. */
function removeFlags(
  text: string,
  file: string,
  left: (flag: ApiServerManifest['flags'][number]) => readonly string[] | undefined,
): string {
  const { flags } = parseApiServerManifest(text, file);
  // From the end, so that the places of the others stay what they are.
  const edits = flags.toReversed().flatMap((flag): Edit[] => {
    const items = left(flag);
    if (items === undefined) return [];
    if (items.length > 0) return [{ kind: 'set', path: flag.path, value: renderFlag(flag, items.join(',')) }];
    const words = flag.path === flag.namePath ? [flag.path] : [flag.path, flag.namePath];
    return words.map((path) => ({ kind: 'remove', path }));
  });
  return editDocument(text, file, edits);
}

function removeVolume(text: string, file: string, annotation: string): string {
  const { mounts } = parseApiServerManifest(text, file);
  const pod = parseDocuments(text, file)[0]?.value;
  const volumes = listAt(pod, ['spec', 'volumes']).findIndex((one) => valueAt(one, ['name']) === VOLUME);
  const edits: Edit[] = mounts
    .filter(({ name }) => name === VOLUME)
    .toReversed()
    .map(({ path }) => ({ kind: 'remove', path }));
  if (volumes !== -1) edits.push({ kind: 'remove', path: ['spec', 'volumes', volumes] });
  edits.push(unmark(annotation));
  return editDocument(text, file, edits);
}
