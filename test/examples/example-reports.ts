import { bouncer } from '#test/command-line.ts';

/** The reports about `examples/objects/bad` by `examples/policies/production.yaml`: file and output format. */
export const EXAMPLE_REPORTS = {
  'test/examples/reports/bad.sarif': 'sarif',
  'test/examples/reports/bad.junit.xml': 'junit',
  'test/examples/reports/bad.github.txt': 'github',
} as const;

/** The text of a report. */
export async function renderExampleReport(format: string): Promise<string> {
  const args = ['examples/objects/bad', '--policy', 'examples/policies/production.yaml', '--output', format];
  const { stdout } = await bouncer(['check', ...args]);
  return stdout;
}
