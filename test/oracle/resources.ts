import { readdir, readFile } from 'node:fs/promises';
import type { TlsGate } from './tls-gate.ts';

/** The resources of a gate at one moment. */
export interface Sample {
  /** Number of answers so far. */
  readonly reviews: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
  readonly descriptors: number;
  /** Delay of the event loop since the previous sample, 99th percentile, in milliseconds. */
  readonly delayMs: number;
}

const MIB = 1024 * 1024;

/** Reads the resources of a process from this machine and from its metrics. */
export async function takeSample(gate: TlsGate, reviews: number): Promise<Sample> {
  const [status, descriptors, metrics] = await Promise.all([
    readFile(`/proc/${gate.pid}/status`, 'utf8'),
    readdir(`/proc/${gate.pid}/fd`),
    gate.scrape(),
  ]);
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return {
    reviews,
    rssMiB: Number(kibibytes) / 1024,
    heapMiB: (metrics.value('nodejs_heap_size_used_bytes') ?? Number.NaN) / MIB,
    descriptors: descriptors.length,
    delayMs: (metrics.value('nodejs_eventloop_lag_p99_seconds') ?? Number.NaN) * 1000,
  };
}

/** Least-squares growth of the resident memory, in MiB per 100,000 reviews. */
export function rssSlope(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [reviews, rss] = [mean((sample) => sample.reviews), mean((sample) => sample.rssMiB)];
  const covariance = mean((sample) => (sample.reviews - reviews) * (sample.rssMiB - rss));
  const variance = mean((sample) => (sample.reviews - reviews) ** 2);
  return variance === 0 ? 0 : (covariance / variance) * 100_000;
}

/** The share of the run after which a process has allocated what it needs. */
const WARM_UP = 0.3;

/** The samples after the warm-up. */
export function settled(samples: readonly Sample[]): readonly Sample[] {
  const total = samples.at(-1)?.reviews ?? 0;
  return samples.filter(({ reviews }) => reviews >= total * WARM_UP);
}

/** Rows with the resources of a run, before and after the warm-up. */
export function renderSamples(samples: readonly Sample[]): string[] {
  const after = settled(samples);
  const row = (name: string, of: (sample: Sample) => number, unit: string): string => {
    const [all, late] = [samples.map(of), after.map(of)];
    const texts = [all[0] ?? 0, Math.min(...late), Math.max(...late), late.at(-1) ?? 0].map((value) =>
      value.toFixed(1).padStart(9),
    );
    return `${name.padEnd(22)}${texts.join('')}  ${unit}`;
  };
  return [
    `${''.padEnd(22)}${['first', 'least', 'most', 'last'].map((head) => head.padStart(9)).join('')}  (least and most after ${WARM_UP * 100} % of the reviews)`,
    row('resident memory', ({ rssMiB }) => rssMiB, 'MiB'),
    row('heap in use', ({ heapMiB }) => heapMiB, 'MiB'),
    row('file descriptors', ({ descriptors }) => descriptors, ''),
    row('event loop delay p99', ({ delayMs }) => delayMs, 'ms'),
    `growth of resident memory: ${rssSlope(after).toFixed(3)} MiB per 100,000 reviews, over ${after.length} samples`,
  ];
}
