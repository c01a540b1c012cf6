import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage } from './image-build.ts';
import { readLayout } from './image-layout.ts';
import { missingForImages, run } from './image-tools.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const problem = await missingForImages(['buildah', 'apt-get', 'apt-cache', 'dpkg-deb']);

if (problem === undefined) await build(resolve(process.argv[2] ?? join(root, 'dist-image'))).catch(fail);
else fail(problem);

function fail(problem: unknown): void {
  process.stderr.write(`${problem instanceof Error ? problem.message : String(problem)}\n`);
  process.exitCode = 2;
}

/** Builds the image of this checkout and prints its layers and its digest. */
async function build(layout: string): Promise<void> {
  const described = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
  const tag = await buildImage({
    context: root,
    layout,
    cache: join(homedir(), '.cache/kube-image-bouncer/image'),
    revision: (await run('git', described, { folder: root })).trim(),
    // All versions have the same age, so that they share equal layers.
    epoch: Number(process.env['SOURCE_DATE_EPOCH'] ?? 0),
    node: process.execPath,
    // buildah records the intermediate images. The intermediate images of earlier builds would change the digest.
    afresh: true,
  });
  const { digest, layers, configuration } = await readLayout(layout);
  // Layer n was created by the nth step that creates a layer.
  const steps = configuration.history.filter(({ empty_layer: empty }) => empty !== true);
  const lines = layers.map(({ digest: layer, size }, index) =>
    [layer.slice(0, 19), mebibytes(size), stepOf(steps[index]?.created_by)].join('  '),
  );
  const total = mebibytes(layers.reduce((sum, { size }) => sum + size, 0));
  process.stdout.write(
    `${lines.join('\n')}\n${' '.repeat(19)}  ${total}  compressed\noci:${layout}:${tag}\n${digest}\n`,
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2).padStart(7)} MiB`;
}

/** `COPY … in /app/dist`: the step without the prefix of the shell. */
function stepOf(createdBy = ''): string {
  return createdBy
    .replace('/bin/sh -c #(nop) ', '')
    .replace(/(?<=:[0-9a-f]{8})[0-9a-f]+/, '')
    .trim();
}
