import { basename, dirname } from 'node:path';
import { ControlPlaneError } from '../../control-plane/errors.ts';
import type { FoundFile } from '../../control-plane/file-plan.ts';
import { nearestOf } from '../../control-plane/near-miss.ts';
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
    let found: FoundFile | undefined;
    try {
      found = await this.#options.files.find(this.#pathInFolder(path));
    } catch (error) {
      if (!(error instanceof ControlPlaneError)) throw error;
      if (!isForbidden(error)) return { state: 'unreadable', file: path, problem: error.message };
      this.unread.push({ subject: path, reason: error.message });
      return { state: 'unseen', file: path };
    }
    const opened = openFound(found, path, parse);
    if (opened.state !== 'missing') return opened;
    const near = nearestOf(basename(path), (await this.list(dirname(path))) ?? []);
    return near === undefined ? opened : { ...opened, near };
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

/** Whether a file exists that this user may not read. */
function isForbidden({ cause }: ControlPlaneError): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'EACCES' || cause.code === 'EPERM');
}
