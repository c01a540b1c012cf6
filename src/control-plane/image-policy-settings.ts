import type { TextDocument } from '../document/yaml.ts';
import { isObject, type Path } from '../document/json.ts';

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

/** Reads an `imagePolicy` block as the plugin does: keys in any case. */
export function readImagePolicy(block: unknown, path: Path, document: TextDocument): WrittenImagePolicy {
  const written = (name: ImagePolicyKey): WrittenValue | undefined => {
    const [key, value] = findKey(block, name) ?? [];
    if (key === undefined) return undefined;
    const place = [...path, key];
    return { value, path: place, position: document.positionOf(place) };
  };
  return {
    kubeConfigFile: written('kubeConfigFile'),
    allowTTL: written('allowTTL'),
    denyTTL: written('denyTTL'),
    retryBackoff: written('retryBackoff'),
    defaultAllow: written('defaultAllow'),
  };
}

/** The entry of a key in any case. */
export function findKey(value: unknown, name: string): readonly [key: string, value: unknown] | undefined {
  if (!isObject(value)) return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase());
}
