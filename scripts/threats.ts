import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { namedTests, readThreats, renderThreat, TABLE } from '../test/architecture/threat-table.ts';
import type { Threat } from '../test/architecture/threat-table.ts';

/** Writes the tests of a threat into its row of docs/threats.md. A row without tests keeps its sentence. */
function update(threat: Threat): Threat {
  const tests = namedTests().filter(({ id }) => id === threat.id);
  if (tests.length === 0)
    return { ...threat, heldBy: threat.files.length === 0 ? threat.heldBy : '', files: [] };
  const titles = tests.map(({ title }) => title);
  const whole = titles.find((title) => !title.includes('…'));
  const heldBy = titles.includes(threat.heldBy) ? threat.heldBy : (whole ?? titles[0] ?? '');
  return { ...threat, heldBy, files: [...new Set(tests.map(({ file }) => file))] };
}

const path = join(root, TABLE);
const rows = new Map(readThreats().map((threat) => [threat.id, renderThreat(update(threat))]));
const lines = readFileSync(path, 'utf8').split('\n');
writeFileSync(
  path,
  lines.map((line) => rows.get(/^\| ([A-K]\d\d) \|/.exec(line)?.[1] ?? '') ?? line).join('\n'),
);
