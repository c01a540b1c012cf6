import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A blob of an OCI layout. */
interface Descriptor {
  readonly digest: string;
  /** Compressed size in bytes. */
  readonly size: number;
}

/** Configuration of the image; https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md. */
interface ImageConfiguration {
  readonly architecture: string;
  readonly os: string;
  readonly created: string;
  readonly config: {
    readonly User?: string;
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Env?: readonly string[];
    readonly WorkingDir?: string;
    readonly ExposedPorts?: Readonly<Record<string, unknown>>;
    readonly Volumes?: Readonly<Record<string, unknown>>;
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly history: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
}

/** The one image of a layout. */
export interface BuiltImage {
  /** Digest of the manifest, as in `image@sha256:…`. */
  readonly digest: string;
  readonly layers: readonly Descriptor[];
  readonly configuration: ImageConfiguration;
}

interface Index {
  readonly manifests: readonly Descriptor[];
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Reads the image of an OCI layout with one image. */
export async function readLayout(folder: string): Promise<BuiltImage> {
  const { manifests } = (await readJson(join(folder, 'index.json'))) as Index;
  const [descriptor, ...others] = manifests;
  if (descriptor === undefined || others.length > 0)
    throw new Error(`${folder}: contains ${manifests.length} images; expected 1.`);
  const { config, layers } = (await readBlob(folder, descriptor)) as Manifest;
  const configuration = (await readBlob(folder, config)) as ImageConfiguration;
  return { digest: descriptor.digest, layers, configuration };
}

function readBlob(folder: string, { digest }: Descriptor): Promise<unknown> {
  return readJson(join(folder, 'blobs', digest.replace(':', '/')));
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8')) as unknown;
}
