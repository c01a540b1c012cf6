import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  junitProblems,
  readWorkflowCommands,
  sarifProblems,
  sarifSchemaProblems,
  type SarifLog,
} from '#test/report-readers.ts';
import { root } from '../architecture/sources.ts';
import { EXAMPLE_REPORTS, renderExampleReport } from './example-reports.ts';

function read(path: keyof typeof EXAMPLE_REPORTS): string {
  return readFileSync(join(root, path), 'utf8');
}

describe('the reports about examples/objects/bad', () => {
  for (const [path, format] of Object.entries(EXAMPLE_REPORTS)) {
    it(`${path} is what check prints; scripts/reports.ts writes it`, async () => {
      assert.equal(readFileSync(join(root, path), 'utf8'), await renderExampleReport(format));
    });
  }

  it('XI6 the SARIF log conforms to the published schema and to our own rules', () => {
    const log = JSON.parse(read('test/examples/reports/bad.sarif')) as SarifLog;
    assert.deepEqual(sarifSchemaProblems(log), []);
    assert.deepEqual(sarifProblems(log), []);
    assert.ok(log.runs[0].results.length > 5);
  });

  it('the JUnit report conforms to the schema of the xUnit plugin of Jenkins', async () => {
    const report = read('test/examples/reports/bad.junit.xml');
    assert.deepEqual(await junitProblems(report), []);
    assert.match(report, /<failure /);
  });

  it('the workflow commands name the file and the line of each violation', () => {
    const commands = readWorkflowCommands(read('test/examples/reports/bad.github.txt'));
    assert.ok(commands.length > 5);
    for (const { command, properties } of commands) {
      assert.ok(['error', 'warning', 'notice'].includes(command));
      const lines = readFileSync(join(root, properties['file'] ?? ''), 'utf8').split('\n');
      const line = lines[Number(properties['line']) - 1] ?? '';
      assert.match(
        line.slice(Number(properties['col']) - 1, Number(properties['endColumn']) - 1),
        /^(image|reference): \S+$/,
      );
    }
  });
});
