import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CERTIFICATE } from '../../src/diagnosis/catalogue/certificate.ts';
import { ENFORCEMENT } from '../../src/diagnosis/catalogue/enforcement.ts';
import type { FindingKinds } from '../../src/diagnosis/catalogue/finding-kind.ts';
import { GATE } from '../../src/diagnosis/catalogue/gate.ts';
import { NODE } from '../../src/diagnosis/catalogue/node.ts';
import { WEBHOOK } from '../../src/diagnosis/catalogue/webhook.ts';
import { renderRemedy } from '../../src/diagnosis/remedy.ts';
import { root } from './sources.ts';

/** The page with one table for each part of the catalogue. */
export const FINDING_PAGE = 'docs/doctor.md';

const HEAD = '| code | severity | why it matters | what to do |\n|---|---|---|---|\n';

/** The parts of the catalogue, by the heading of their table. */
const SECTIONS: Readonly<Record<string, FindingKinds>> = {
  Enforcing: ENFORCEMENT,
  'Webhook configurations': WEBHOOK,
  'The gate in the cluster': GATE,
  Certificates: CERTIFICATE,
  'Files of a control-plane node': NODE,
};

/** The expected page: `text` with each table replaced by the rows of the catalogue. */
export function withFindings(text: string): string {
  return Object.entries(SECTIONS).reduce((page, [heading, kinds]) => {
    const start = page.indexOf(`\n### ${heading}\n`);
    if (start === -1) throw new Error(`${FINDING_PAGE} has no heading ${heading}`);
    const table = page.indexOf('\n|', start) + 1;
    const next = page.indexOf('\n\n', table);
    const end = next === -1 ? page.length : next + 1;
    return `${page.slice(0, table)}${HEAD}${renderRows(kinds)}${page.slice(end)}`;
  }, text);
}

/** Writes the tables of the page. */
export function updateFindings(): void {
  const file = join(root, FINDING_PAGE);
  writeFileSync(file, withFindings(readFileSync(file, 'utf8')));
}

function renderRows(kinds: FindingKinds): string {
  return Object.entries(kinds)
    .map(([code, { severity, why, remedy }]) =>
      [`\`${code}\``, severity, why, renderRemedy(remedy)]
        .map((cell) => cell.replaceAll('|', String.raw`\|`))
        .join(' | '),
    )
    .map((cells) => `| ${cells} |\n`)
    .join('');
}
