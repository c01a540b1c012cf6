import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/architecture/sources.ts';
import { PAGE, withLists } from '../test/custom-resources/page.ts';

/** Writes the built-in kinds and paths into docs/custom-resources.md. */
const path = join(root, PAGE);
writeFileSync(path, withLists(readFileSync(path, 'utf8')));
