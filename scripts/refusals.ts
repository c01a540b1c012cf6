import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { REFUSAL_PAGE, renderRefusalPage } from '../test/suite/refusal-page.ts';

// Review the difference: it shows the new conclusions of doctor and recover.
writeFileSync(join(root, REFUSAL_PAGE), await renderRefusalPage());
