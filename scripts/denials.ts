import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { DENIAL_PAGE, renderDenialPage } from '../test/suite/denial-page.ts';

// Writes the page with the texts that users read. A reviewer reads the difference.
writeFileSync(join(root, DENIAL_PAGE), await renderDenialPage());
