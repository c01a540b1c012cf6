import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { namedTests, readThreats, renderThreat, TABLE } from '../test/architecture/threat-table.ts';
import type { Threat } from '../test/architecture/threat-table.ts';

/** Writes the tests that name a threat into its row of docs/threats.md; a row without tests keeps its sentence. */
function update(threat: Threat): Threat {
  const tests = namedTests().filter(({ id }) => id === threat.id);
  const [first] = tests;
  if (first === undefined)
    return { ...threat, heldBy: threat.files.length === 0 ? threat.heldBy : '', files: [] };
  const kept = tests.find(({ title }) => title === threat.heldBy);
  return { ...threat, heldBy: (kept ?? first).title, files: [...new Set(tests.map(({ file }) => file))] };
}

const path = join(root, TABLE);
const rows = new Map(readThreats().map((threat) => [threat.id, renderThreat(update(threat))]));
const lines = readFileSync(path, 'utf8').split('\n');
writeFileSync(
  path,
  lines.map((line) => rows.get(/^\| ([A-K]\d\d) \|/.exec(line)?.[1] ?? '') ?? line).join('\n'),
);
