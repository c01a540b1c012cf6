import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { bundle } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = await bundle(root, join(root, 'dist'));
const widest = Math.max(...files.map(({ path }) => path.length));
for (const { path, bytes } of files) {
  process.stdout.write(`dist/${path.padEnd(widest)} ${(bytes / 1024).toFixed(1).padStart(8)} KiB\n`);
}
