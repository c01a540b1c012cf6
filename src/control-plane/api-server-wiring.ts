import { type Edit, editDocument } from '../document/edit.ts';
import { valueAt } from '../document/json.ts';
import { parseDocuments } from '../document/yaml.ts';
import { findFlagFaults } from './admission-flag-faults.ts';
import { itemsOf, renderFlag } from './api-server-flags.ts';
import {
  type ApiServerManifest,
  IMAGE_POLICY_PLUGIN,
  invalid,
  listAt,
  parseApiServerManifest,
} from './api-server-manifest.ts';

/** The name of the volume that is added. */
export const VOLUME = 'kube-image-bouncer';

/** The annotation with the fingerprint. */
export const FINGERPRINT = 'kube-image-bouncer.io/configuration';

const CONFIGURATION_FLAG = 'admission-control-config-file';

interface ApiServerWiring {
  /** Path of the `AdmissionConfiguration` in the container. */
  readonly configurationFile: string;
  /** The folder of the node to mount at the same path. */
  readonly folder: string;
  /** Fingerprint of the files that the API server reads only at its start. A change makes the kubelet restart it. */
  readonly fingerprint: string;
  /** Enables `ImagePolicyWebhook`. Webhooks in files need only plugins that are enabled by default. @default true */
  readonly enablesPlugin?: boolean;
  /** The annotation with the fingerprint. Each wiring of a node has its own. @default {@link FINGERPRINT} */
  readonly annotation?: string;
}

/**
 * Changes the manifest of kube-apiserver: enables `ImagePolicyWebhook`, sets the flag for the
 * `AdmissionConfiguration`, and mounts the folder read-only. Parts that exist already are kept.
 *
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID
 * @throws {EditError} DOCUMENT_NOT_EDITABLE
 */
export function wireApiServer(text: string, file: string, wiring: ApiServerWiring): string {
  const manifest = parseApiServerManifest(text, file);
  const [fault] = findFlagFaults(manifest);
  if (fault !== undefined) throw invalid(fault.place, fault.sentence);
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
  positionOf,
}: ApiServerManifest): Edit[] {
  if (disabledPlugins.includes(IMAGE_POLICY_PLUGIN)) {
    throw invalid(
      positionOf(flag('disable-admission-plugins')?.path ?? flagList),
      `--disable-admission-plugins contains ${IMAGE_POLICY_PLUGIN} (remove it there)`,
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

/** Adds a flag after the last flag of the list. Other items may follow it. */
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

interface ApiServerUnwiring {
  /** Keeps `ImagePolicyWebhook` enabled. @default false */
  readonly keepPlugin?: boolean;
  /** The annotation to remove. @default {@link FINGERPRINT}, which is kept together with the configuration */
  readonly annotation?: string;
  /** Keeps the flag for the `AdmissionConfiguration` and the mount, because other plugins use them. @default false */
  readonly keepConfiguration?: boolean;
}

/**
 * Removes the parts that {@link wireApiServer} adds, also if the user has added them. A manifest without them is returned
 * unchanged.
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

/** Whether a manifest has the fingerprint of a wiring. */
export function isMarked(text: string, file: string, annotation: string): boolean {
  return valueAt(parseDocuments(text, file)[0]?.value, ['metadata', 'annotations', annotation]) !== undefined;
}

/** `left`: the remaining values of the flag. An empty list removes the flag; `undefined` leaves it unchanged. */
function removeFlags(
  text: string,
  file: string,
  left: (flag: ApiServerManifest['flags'][number]) => readonly string[] | undefined,
): string {
  const { flags } = parseApiServerManifest(text, file);
  // Edit from the end of the list, so that the paths of the other items stay valid.
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
