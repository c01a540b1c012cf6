import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { PAGE, withLists } from '../test/custom-resources/page.ts';

/** Writes the kinds and paths that come with the gate into their page. */
const path = join(root, PAGE);
writeFileSync(path, withLists(readFileSync(path, 'utf8')));
