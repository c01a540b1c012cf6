import type { ApiServerManifest } from '../../control-plane/api-server-manifest.ts';
import type { Opened } from './material.ts';

/** Leads from the paths that the API server knows to those of the node. */
export class ServerPaths {
  readonly unmounted = new Set<string>();
  readonly #manifest: ApiServerManifest | undefined;

  constructor(manifest: Opened<ApiServerManifest>) {
    this.#manifest = manifest.state === 'read' ? manifest.value : undefined;
  }

  /** The path on the node. What no volume leads to is remembered, and looked for at the same path. */
  of(path: string): string {
    const host = this.#manifest?.hostPathOf(path);
    if (host === undefined) this.unmounted.add(path);
    return host ?? path;
  }
}
