import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Limits for all processes of a group together. */
interface ControlGroupLimits {
  readonly memoryBytes?: number;
  /** A share of one processor, 0.1 for a tenth. */
  readonly processor?: number;
}

const ROOT = '/sys/fs/cgroup';
const PERIOD_MICROSECONDS = 20_000;

/** Processes with limits that the kernel enforces. Needs root, and Linux with control groups of version 1 or 2. */
export class ControlGroup implements AsyncDisposable {
  readonly #folders: readonly string[];
  readonly #unified: boolean;

  private constructor(folders: readonly string[], unified: boolean) {
    this.#folders = folders;
    this.#unified = unified;
  }

  static async create(name: string, limits: ControlGroupLimits): Promise<ControlGroup> {
    const unified = existsSync(join(ROOT, 'cgroup.controllers'));
    const controllers = unified
      ? ['']
      : [
          ...(limits.memoryBytes === undefined ? [] : ['memory']),
          ...(limits.processor === undefined ? [] : ['cpu']),
        ];
    const folders = controllers.map((controller) =>
      join(ROOT, controller, `kube-image-bouncer-${name}-${randomUUID()}`),
    );
    if (unified) await writeFile(join(ROOT, 'cgroup.subtree_control'), '+memory +cpu');
    for (const folder of folders) await mkdir(folder);
    const group = new ControlGroup(folders, unified);
    await group.#limit(limits);
    return group;
  }

  /** A prefix that runs a command in the group, under the same process id. */
  get wrapper(): readonly string[] {
    const script = 'for folder in $0; do echo $$ > "$folder/cgroup.procs"; done; exec "$@"';
    return ['sh', '-c', script, this.#folders.join(' ')];
  }

  /** The highest memory in use, in bytes, including the page cache. */
  async peakBytes(): Promise<number> {
    return Number(await this.#read(this.#unified ? 'memory.peak' : 'memory.max_usage_in_bytes'));
  }

  /** How often the kernel killed a process of the group because of its memory. */
  async kills(): Promise<number> {
    const events = await this.#read(this.#unified ? 'memory.events' : 'memory.oom_control');
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#folders) await removeFolder(folder);
  }

  async #limit({ memoryBytes, processor }: ControlGroupLimits): Promise<void> {
    if (memoryBytes !== undefined)
      await this.#write(this.#unified ? 'memory.max' : 'memory.limit_in_bytes', String(memoryBytes));
    if (processor !== undefined) await this.limitProcessor(processor);
  }

  /** Changes the share. */
  async limitProcessor(processor: number): Promise<void> {
    const quota = Math.round(processor * PERIOD_MICROSECONDS);
    if (this.#unified) return this.#write('cpu.max', `${quota} ${PERIOD_MICROSECONDS}`);
    await this.#write('cpu.cfs_period_us', String(PERIOD_MICROSECONDS));
    await this.#write('cpu.cfs_quota_us', String(quota));
  }

  async #write(file: string, value: string): Promise<void> {
    const folder = this.#folders.find((each) => existsSync(join(each, file)));
    if (folder === undefined) throw new Error(`control groups of this kernel have no ${file}`);
    await writeFile(join(folder, file), value);
  }

  async #read(file: string): Promise<string> {
    const folder = this.#folders.find((each) => existsSync(join(each, file)));
    if (folder === undefined) throw new Error(`control groups of this kernel have no ${file}`);
    return (await readFile(join(folder, file), 'utf8')).trim();
  }
}

/** A group can be removed shortly after its last process has ended. */
async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
      await delay(50);
    }
  }
  throw new Error(`${folder} still has processes`);
}
