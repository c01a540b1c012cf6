import type { TextDocument } from '../document/yaml.ts';
import { isObject, type Path } from '../document/json.ts';

/** What the `ImagePolicyWebhook` plugin is told. */
export interface ImagePolicySettings {
  /** Absolute: relative to what, depends on the process. */
  readonly kubeConfigFile: string;
  /** Seconds that an admission is remembered; see {@link SETTING_RANGES}. */
  readonly allowTTL: number;
  /** Seconds that a refusal is remembered. */
  readonly denyTTL: number;
  /** Milliseconds before the first of four further attempts. */
  readonly retryBackoff: number;
  /** Whether pods are admitted when nobody answers. */
  readonly defaultAllow: boolean;
}

export type ImagePolicyKey = keyof ImagePolicySettings;

/**
 * What the plugin takes, in whole numbers: outside it the API server does not start. 0 means its own default, which
 * nobody should have to know; -1 switches the memory, or the pause, off.
 */
export const SETTING_RANGES = {
  allowTTL: [1, 1800],
  denyTTL: [1, 1800],
  retryBackoff: [1, 300_000],
} as const satisfies Partial<Record<ImagePolicyKey, readonly [least: number, most: number]>>;

/** Whether the plugin takes a value, and says so itself. */
export function isInRange(key: keyof typeof SETTING_RANGES, value: unknown): value is number {
  const [least, most] = SETTING_RANGES[key];
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    (value === -1 || (value >= least && value <= most))
  );
}

/** What somebody wrote, and where. */
export interface WrittenValue {
  readonly value: unknown;
  readonly path: Path;
  /** `line:column`. */
  readonly position: string;
}

/** What stands in an `imagePolicy` block, nothing of it checked. */
export type WrittenImagePolicy = { readonly [Key in ImagePolicyKey]: WrittenValue | undefined };

/** Reads an `imagePolicy` block as the plugin does: capitals in its keys mean nothing. */
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

/** The entry of a key, whatever its capitals. */
export function findKey(value: unknown, name: string): readonly [key: string, value: unknown] | undefined {
  if (!isObject(value)) return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase());
}
