import type { TextDocument } from '../document/yaml.ts';
import { isObject, type Path } from '../document/json.ts';
import { kindOf } from './go-type.ts';

/** Settings of the plugin `ImagePolicyWebhook`. */
export interface ImagePolicySettings {
  /** An absolute path, because a relative path depends on the process that reads it. */
  readonly kubeConfigFile: string;
  /** Seconds for which an admission is cached; see {@link SETTING_RANGES}. */
  readonly allowTTL: number;
  /** Seconds for which a refusal is cached. */
  readonly denyTTL: number;
  /** Milliseconds before the first of four repeated attempts. */
  readonly retryBackoff: number;
  /** Whether pods are admitted if the gate does not answer. */
  readonly defaultAllow: boolean;
}

type ImagePolicyKey = keyof ImagePolicySettings;

/**
 * The ranges that the plugin accepts, in whole numbers. With other values the API server does not start. 0 means the
 * default of the plugin; -1 disables the cache, or the pause.
 */
export const SETTING_RANGES = {
  allowTTL: [1, 1800],
  denyTTL: [1, 1800],
  retryBackoff: [1, 300_000],
} as const satisfies Partial<Record<ImagePolicyKey, readonly [least: number, most: number]>>;

/** Whether a value is in the range of the plugin, or is -1. The value 0 is not accepted. */
export function isInRange(key: keyof typeof SETTING_RANGES, value: unknown): value is number {
  const [least, most] = SETTING_RANGES[key];
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    (value === -1 || (value >= least && value <= most))
  );
}

/** A value and its place in the file. */
export interface WrittenValue {
  readonly value: unknown;
  readonly path: Path;
  /** `line:column`. */
  readonly position: string;
}

/** The values in an `imagePolicy` block, unchecked. */
export type WrittenImagePolicy = { readonly [Key in ImagePolicyKey]: WrittenValue | undefined };

/** A block of settings, and how its file is read. */
interface SettingsBlock {
  readonly value: unknown;
  readonly path: Path;
  readonly document: TextDocument;
  /** In which order the plugin sees equal keys: that of the file (JSON), or sorted (YAML). */
  readonly isJson: boolean;
}

/** Reads an `imagePolicy` block as the plugin does: keys in any case. */
export function readImagePolicy({ value, path, document, isJson }: SettingsBlock): WrittenImagePolicy {
  const written = (name: ImagePolicyKey): WrittenValue | undefined => {
    const [key, setting] = findKey(value, name, isJson) ?? [];
    if (key === undefined) return undefined;
    const place = [...path, key];
    return { value: setting, path: place, position: document.positionOf(place) };
  };
  return {
    kubeConfigFile: written('kubeConfigFile'),
    allowTTL: written('allowTTL'),
    denyTTL: written('denyTTL'),
    retryBackoff: written('retryBackoff'),
    defaultAllow: written('defaultAllow'),
  };
}

/** No settings: the plugin takes its defaults. */
export const NO_SETTINGS: WrittenImagePolicy = {
  kubeConfigFile: undefined,
  allowTTL: undefined,
  denyTTL: undefined,
  retryBackoff: undefined,
  defaultAllow: undefined,
};

/** The entry of a key in any case. Of several, the plugin takes the last that it sees. */
export function findKey(
  value: unknown,
  name: string,
  isJson: boolean,
): readonly [key: string, value: unknown] | undefined {
  if (!isObject(value)) return undefined;
  const found = Object.entries(value).filter(([key]) => key.toLowerCase() === name.toLowerCase());
  // The plugin sees YAML as JSON with sorted keys.
  return isJson ? found.at(-1) : found.toSorted(([a], [b]) => (a < b ? -1 : 1)).at(-1);
}

/** The path of the kubeconfig as the plugin reads it; `undefined` if there is none. It takes a number for text. */
export function kubeConfigFileOf({ kubeConfigFile }: WrittenImagePolicy): string | undefined {
  const value = kubeConfigFile?.value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Why the plugin cannot decode a setting; `undefined` if it can, or if the setting is not written. Its range is not
 * checked; see {@link isInRange}.
 */
export function settingProblem(key: ImagePolicyKey, written: WrittenValue | undefined): string | undefined {
  const value = written?.value;
  if (value === undefined || value === null) return undefined;
  const problem = (needed: string): string => `${key} is ${kindOf(value)}, and the plugin needs ${needed}`;
  switch (key) {
    case 'kubeConfigFile':
      return typeof value === 'object' ? problem('the path of a file') : undefined;
    case 'defaultAllow':
      return typeof value === 'boolean' ? undefined : problem('true or false without quotes');
    case 'allowTTL':
    case 'denyTTL':
    case 'retryBackoff':
      return Number.isInteger(value) ? undefined : problem('a whole number without quotes');
  }
}
