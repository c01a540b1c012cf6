import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LOG_EVENTS } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { parseDocuments } from '../../src/document/yaml.ts';
import { filesBelow, isTest } from '../architecture/sources.ts';
import { look } from '../serve/ask.ts';
import { root, startServe, type GateProcess } from '../serve/gate-process.ts';
import { blocksOf } from './blocks.ts';

const PAGE = 'docs/on-call.md';
const page = readFileSync(join(root, PAGE), 'utf8');

/** The first cells of the rows in the table below a heading, without their code marks. */
function firstCellsBelow(heading: string): readonly string[] {
  const [, section = ''] = page.split(`\n${heading}\n`);
  const [table = ''] = /^\|[^]*?\n(?!\|)/m.exec(section) ?? [];
  return [...table.matchAll(/^\| `(?<cell>[^`]+)` \|/gm)].map(({ groups }) => groups?.['cell'] ?? '');
}

interface Alarm {
  readonly alert: string;
  readonly expr: string;
}

/** The alarms of the rule file that the page shows. */
function alarmsOf(): readonly Alarm[] {
  const rules = blocksOf(PAGE).find(({ language }) => language === 'yaml');
  const [document] = parseDocuments(rules?.text ?? '', PAGE);
  assert.ok(document);
  const { groups } = document.value as { groups: readonly { rules: readonly Alarm[] }[] };
  return groups.flatMap((group) => group.rules);
}

const alarms = alarmsOf();

describe(PAGE, () => {
  let gate: GateProcess;
  let metrics: readonly string[];
  before(async () => {
    gate = await startServe(['--canary-kubeconfig=/nowhere/kubeconfig']);
    const rendered = await createMetrics().render();
    metrics = [...rendered.matchAll(/^# HELP (?<name>\S+)/gm)].map(({ groups }) => groups?.['name'] ?? '');
  });
  after(() => gate[Symbol.asyncDispose]());

  it('has one row for each event of the log, and no other', () => {
    assert.deepEqual([...firstCellsBelow('## Log events')].toSorted(), [...LOG_EVENTS].toSorted());
  });

  it('lists events that the source logs', () => {
    const sources = filesBelow('src', '.ts').filter(
      ({ path }) => !isTest(path) && path !== 'src/telemetry/log.ts',
    );
    const unused = LOG_EVENTS.filter((event) => !sources.some(({ code }) => code.includes(`'${event}'`)));
    assert.deepEqual(unused, []);
  });

  it('has one row for each metric of the gate, and no other', () => {
    const own = metrics.filter((name) => !/^kube_image_bouncer_(process|nodejs)_/.test(name));
    assert.ok(own.length >= 17);
    assert.deepEqual([...firstCellsBelow('## Metrics')].toSorted(), own.toSorted());
  });

  it('suggests alarms on metrics that exist, each with a section', () => {
    assert.ok(alarms.length >= 14);
    for (const { alert, expr } of alarms) {
      const [name = ''] = /kube_image_bouncer_\w+/.exec(expr) ?? [];
      assert.ok(metrics.includes(name.replace(/_bucket$/, '')), `${alert}: there is no metric ${name}`);
      assert.ok(page.includes(`\n### ${alert}\n`), `${alert} has no section`);
    }
    const sections = [...page.matchAll(/^### (?<name>ImageBouncer\w+)$/gm)].map(
      ({ groups }) => groups?.['name'],
    );
    assert.deepEqual(
      sections,
      alarms.map(({ alert }) => alert),
    );
  });

  it('has one row for each readiness check of a running gate, and no other', async () => {
    const { body } = await look(gate, '/readyz');
    const checks = [...body.matchAll(/^\[[+-]\](?<name>\w+) /gm)].map(({ groups }) => groups?.['name'] ?? '');
    assert.deepEqual([...firstCellsBelow('## Readiness')].toSorted(), checks.toSorted());
  });
});
