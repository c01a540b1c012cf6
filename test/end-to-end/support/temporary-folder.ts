import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one test. It is deleted when its user is disposed, or at the latest with the test. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

const existing = new Set<string>();
// A process that was just killed may still write its last file.
const removal = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 } as const;

process.on('exit', () => {
  for (const path of existing) rmSync(path, removal);
});

/** Creates a temporary folder whose name describes its purpose. */
export async function makeTemporaryFolder(purpose: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `kube-image-bouncer-${purpose}-`));
  existing.add(path);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, removal);
      existing.delete(path);
    },
  };
}
