import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { DENIAL_PAGE, renderDenialPage } from '../test/suite/denial-page.ts';

// What users read, written anew; the difference is for a reviewer.
writeFileSync(join(root, DENIAL_PAGE), await renderDenialPage());
