import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { namedTests, PAGES, readThreats, renderThreat, ROW } from '../test/architecture/threat-table.ts';
import type { Threat } from '../test/architecture/threat-table.ts';

/** Writes the tests of an id into its row. A row without tests keeps its sentence. */
function update(threat: Threat): Threat {
  const tests = namedTests().filter(({ id }) => id === threat.id);
  if (tests.length === 0)
    return { ...threat, heldBy: threat.files.length === 0 ? threat.heldBy : '', files: [] };
  const titles = tests.map(({ title }) => title);
  const whole = titles.find((title) => !title.includes('…'));
  const heldBy = titles.includes(threat.heldBy) ? threat.heldBy : (whole ?? titles[0] ?? '');
  return { ...threat, heldBy, files: [...new Set(tests.map(({ file }) => file))] };
}

const rows = new Map(readThreats().map((threat) => [threat.id, renderThreat(update(threat))]));
for (const page of PAGES) {
  const path = join(root, page);
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, lines.map((line) => rows.get(ROW.exec(line)?.groups?.['id'] ?? '') ?? line).join('\n'));
}
