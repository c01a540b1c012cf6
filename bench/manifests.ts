import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const REGISTRIES = ['registry.example.com/team', 'ghcr.io/acme', 'docker.io/library', 'quay.io/org'];

/**
 * Writes manifests into a new folder: Deployment, CronJob, Pod and StatefulSet in turn, with three images each. One of five
 * has an image with the tag `latest` or without a tag. The same number gives the same files.
 */
export function writeManifests(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  const below = createNumbers(7);
  for (let index = 0; index < count; index += 1) {
    const isBad = below(5) === 0;
    writeFileSync(join(folder, `w${index}.yaml`), manifest(index, isBad, below));
  }
}

type Below = (limit: number) => number;

/** A linear congruential generator. */
function createNumbers(seed: number): Below {
  let state = seed;
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) & 0x7f_ff_ff_ff;
    return state % limit;
  };
}

function manifest(index: number, isBad: boolean, below: Below): string {
  const name = `w${index}`;
  const selector = `  selector: {matchLabels: {app: ${name}}}\n`;
  const template = (): string =>
    `  template:\n    metadata: {labels: {app: ${name}}}\n    spec:\n${podSpec(6, isBad, below)}`;
  switch (index % 4) {
    case 0:
      return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: team${below(20)}}\nspec:\n${selector}${template()}`;
    case 1:
      return `apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: ${name}}\nspec:\n  schedule: "* * * * *"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n${podSpec(10, isBad, below)}`;
    case 2:
      return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n${podSpec(2, isBad, below)}`;
    default:
      return `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: ${name}}\nspec:\n  serviceName: ${name}\n${selector}${template()}`;
  }
}

function podSpec(columns: number, isBad: boolean, below: Below): string {
  const lines = [
    'containers:',
    '- name: app',
    `  image: ${image(isBad, below)}`,
    '  resources: {limits: {cpu: 100m, memory: 64Mi}}',
    '  env:',
    ...Array.from({ length: 6 }, (_, index) => `  - {name: V${index}, value: "x${index}"}`),
    '- name: side',
    `  image: ${image(false, below)}`,
    'initContainers:',
    '- name: init',
    `  image: ${image(false, below)}`,
  ];
  return lines.map((line) => `${' '.repeat(columns)}${line}\n`).join('');
}

function image(isBad: boolean, below: Below): string {
  const repository = `${REGISTRIES[below(REGISTRIES.length)]}/app${below(50)}`;
  if (isBad) return repository + (below(2) === 0 ? ':latest' : '');
  return `${repository}:1.${below(20)}.${below(9)}`;
}
