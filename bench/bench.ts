import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ProtocolName } from '../src/admission/exchange.ts';
import { ensureSelfSigned } from '../src/certificate/self-signed.ts';
import { measureApiServer } from './api-server.ts';
import { measureCheck } from './check.ts';
import { measureColdStarts } from './cold-start.ts';
import { measureMemory } from './memory.ts';
import { measureLargePolicies, measurePolicy } from './policy.ts';
import { LogPipe, pinLoader, startLogging, type RunningServer, type ServerProgram } from './processes.ts';
import { bareServer, checkout, gate, goBouncer, type ServingFiles } from './programs.ts';
import { newSamples, seenSamples } from './reviews.ts';
import { runSeries, type Measurement, type Plan } from './series.ts';
import { firstAnswer } from './connection.ts';
import { figure, renderTable } from './table.ts';

const USAGE = `npm run bench                    the gate against a bare server (and GO_BOUNCER, a path): load, memory, cold start
npm run bench -- rss             memory over 300,000 reviews
npm run bench -- policy          100 rules and 20 images, and 500 images under large policies, in process
npm run bench -- api-server      pods through a real kube-apiserver, with and without a webhook (and its GOGC)
npm run bench -- check           check on many manifests (with --before and --gator: beside another build and gator)
  --manifests N                  how many (default 10000)
  --before FILE                  main.js of another build
  --gator FILE                   the binary of gator
  --seconds N                    load for each server and series (default 10.8)
  --quick                        one second each, a tenth of the reviews
  --node-flags="FLAG …"          for the gate's Node, instead of the documented ones
`;

const SLICE_MS = 120;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10.8' },
    quick: { type: 'boolean', default: false },
    'node-flags': { type: 'string' },
    manifests: { type: 'string', default: '10000' },
    before: { type: 'string' },
    gator: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const seconds = values.quick ? 1 : Number(values.seconds);
const nodeFlags = values['node-flags']?.split(' ').filter((flag) => flag !== '');

const folder = mkdtempSync(join(tmpdir(), 'kube-image-bouncer-bench-'));
try {
  process.exitCode = await main(positionals[0] ?? 'servers');
} finally {
  rmSync(folder, { recursive: true });
}

async function main(what: string): Promise<0 | 2> {
  if (values.help || !['servers', 'rss', 'policy', 'api-server', 'check'].includes(what) || !(seconds > 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  print(
    `Node ${process.version.slice(1)}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}\n`,
  );
  if (what === 'policy')
    print(`${await measurePolicy(values.quick ? 200 : 2000)}\n\n${await measureLargePolicies()}`);
  else if (what === 'rss') await rss();
  else if (what === 'check') print(check());
  else if (what === 'api-server') await apiServer();
  else await servers();
  return 0;
}

function check(): string {
  const { manifests, before, gator } = values;
  return measureCheck({ folder, manifests: Number(manifests), rounds: values.quick ? 1 : 5, before, gator });
}

async function rss(): Promise<void> {
  pinLoader();
  using pipe = new LogPipe(folder);
  print(
    await measureMemory(
      await gate('gate', await servingFiles(), nodeFlags),
      pipe,
      values.quick ? 30_000 : 300_000,
    ),
  );
}

async function apiServer(): Promise<void> {
  using pipe = new LogPipe(folder);
  const files = await servingFiles();
  const webhooks = [
    await bareServer('bare node:https', files),
    await gate('kube-image-bouncer', files, nodeFlags),
  ];
  print(await measureApiServer({ webhooks, pipe, authorityFile: files.authority, seconds }));
}

async function servers(): Promise<void> {
  pinLoader();
  const files = await servingFiles();
  const bare = await bareServer('bare node:https', files);
  const kubeImageBouncer = await gate('kube-image-bouncer', files, nodeFlags);
  const go = await goBouncer(files);
  // The same server twice. The difference of its two rows is the error of the measurement.
  const programs = [
    bare,
    await bareServer('bare node:https, again', files),
    kubeImageBouncer,
    ...(go === undefined ? [] : [go]),
  ];
  await load(programs);
  const starts = await measureColdStarts(
    [
      bare,
      kubeImageBouncer,
      await checkout('checkout, through npm', join(folder, 'state')),
      ...(go === undefined ? [] : [go]),
    ],
    values.quick ? 1 : 9,
  );
  const rows = starts.map(({ name, firstMs, medianMs, slowestMs }) => [
    name,
    figure(medianMs),
    figure(slowestMs),
    figure(firstMs),
  ]);
  print(
    `\nFrom a start to the first answer\n\n${renderTable(['', 'median ms', 'slowest ms', 'very first ms'], rows)}`,
  );
}

async function load(programs: readonly ServerProgram[]): Promise<void> {
  const plan: Plan = { rounds: Math.max(4, Math.round((seconds * 1000) / SLICE_MS)), sliceMs: SLICE_MS };
  using pipe = new LogPipe(folder);
  await using running = new AsyncDisposableStack();
  const started: RunningServer[] = [];
  for (const program of programs) {
    started.push(running.use(startLogging(program, pipe)));
    await firstAnswer(program.port, program.paths.ImageReview, seenSamples('ImageReview')(1).body);
  }
  for (const protocol of ['AdmissionReview', 'ImageReview'] as const satisfies ProtocolName[]) {
    for (const [images, samples] of [
      ['images seen before', seenSamples],
      ['every image new', newSamples],
    ] as const) {
      const { length } = samples(protocol)(1).body;
      const measured = await runSeries(started, protocol, () => samples(protocol), plan);
      print(
        `\n${protocol} of ${(length / 1000).toFixed(1)} kB, ${images}, one in four refused\n\n${renderLoad(measured)}`,
      );
    }
  }
  const memory = started.map((server) => [server.program.name, figure(server.residentMebibytes())]);
  print(`\nMemory after that load\n\n${renderTable(['', 'RSS MiB'], memory)}`);
}

function renderLoad(measured: readonly Measurement[]): string {
  const [bare] = measured;
  if (bare === undefined) return '';
  const both = (value: number, ofBare: number): string => `${figure(value)} (${(value / ofBare).toFixed(2)})`;
  const rows = measured.map((row) => [
    row.name,
    both(row.cpuPerRequest, bare.cpuPerRequest),
    both(row.p50Ms, bare.p50Ms),
    both(row.p99Ms, bare.p99Ms),
    both(row.perSecond, bare.perSecond),
    String(row.requests),
  ]);
  return renderTable(
    ['(ratio to bare)', 'CPU µs a request', 'p50 ms', 'p99 ms', 'requests a second', 'requests'],
    rows,
  );
}

async function servingFiles(): Promise<ServingFiles & { readonly authority: string }> {
  const { certificateFile, keyFile, authorityFile } = await ensureSelfSigned({
    folder: join(folder, 'certificates'),
    names: ['localhost', '127.0.0.1'],
    now: () => new Date(),
  });
  return { certificate: certificateFile, key: keyFile, authority: authorityFile };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
