import { ControlPlaneError } from '../../control-plane/errors.ts';
import type { FoundFile } from '../../control-plane/file-plan.ts';
import type { UnreadSource } from '../finding.ts';
import { type NodeFileReader, openFound, type Opened } from '../../wiring/api-server-files.ts';
import { NODE_FOLDER } from '../../wiring/names.ts';
import type { NodeFiles } from './material.ts';

interface NodeReaderOptions {
  readonly files: NodeFiles;
  /** The folder to read in place of {@link NODE_FOLDER}. */
  readonly folder: string;
}

/** Reads files by the paths that the API server uses, and lists the files that doctor may not read. */
export class NodeReader implements NodeFileReader {
  readonly unread: UnreadSource[] = [];
  readonly #options: NodeReaderOptions;

  constructor(options: NodeReaderOptions) {
    this.#options = options;
  }

  /** The file at a path of the node. */
  async find(path: string): Promise<FoundFile | undefined> {
    try {
      return await this.#options.files.find(this.#pathInFolder(path));
    } catch (error) {
      return this.#forgo(path, error);
    }
  }

  /** The names in a folder of the node. */
  async list(path: string): Promise<readonly string[] | undefined> {
    try {
      return await this.#options.files.list(this.#pathInFolder(path));
    } catch (error) {
      return this.#forgo(path, error);
    }
  }

  /** The parsed file. A file with an error is a value with the `problem`, not an exception. */
  async open<Value>(path: string, parse: (text: string, file: string) => Value): Promise<Opened<Value>> {
    return openFound(await this.find(path), path, parse);
  }

  async exists(path: string): Promise<boolean> {
    return (await this.find(path)) !== undefined;
  }

  #pathInFolder(path: string): string {
    const { folder } = this.#options;
    return path === NODE_FOLDER || path.startsWith(`${NODE_FOLDER}/`)
      ? `${folder}${path.slice(NODE_FOLDER.length)}`
      : path;
  }

  #forgo(path: string, error: unknown): undefined {
    if (!(error instanceof ControlPlaneError)) throw error;
    this.unread.push({ subject: path, reason: error.message });
    return undefined;
  }
}
