import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { EXAMPLE_REPORTS, renderExampleReport } from '../test/examples/example-reports.ts';

// Writes the reports about the bad examples. A reviewer reads the difference.
for (const [path, format] of Object.entries(EXAMPLE_REPORTS))
  writeFileSync(join(root, path), await renderExampleReport(format));
