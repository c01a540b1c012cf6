import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGLISH } from '../../src/language/english.ts';
import { root } from './sources.ts';

const TEXTS: Readonly<Record<string, string>> = ENGLISH;

/** A page with a table of sentences: its keys, and the cells of each key. */
interface MessagePage {
  readonly path: string;
  /** The rows of the table. */
  readonly rows: RegExp;
  readonly head: string;
  readonly render: () => readonly string[];
}

/** Sentences with a code, each with its remedy. */
const ERRORS: MessagePage = {
  path: 'docs/errors.md',
  rows: /^\| `[A-Z_]+\.[a-z0-9-]+` \|.*$/gm,
  head: '| key | text | what to do |\n|---|---|---|\n',
  render: () =>
    Object.entries(TEXTS)
      .filter(([key]) => /^[A-Z]/.test(key) && !key.endsWith('.remedy'))
      .map(([key, text]) => row(`\`${key}\``, text, TEXTS[`${key}.remedy`] ?? '')),
};

/** Phrases that are parts of sentences, and the texts that commands print around them. */
const LANGUAGE: MessagePage = {
  path: 'docs/language.md',
  rows: /^\| `[a-z]+\.[a-z0-9-]+` \|.*$/gm,
  head: '| key | English |\n|---|---|\n',
  render: () =>
    Object.entries(TEXTS)
      .filter(([key]) => /^[a-z]/.test(key))
      .map(([key, text]) => row(`\`${key}\``, `\`${text}\``)),
};

export const MESSAGE_PAGES: readonly MessagePage[] = [ERRORS, LANGUAGE];

/** Replaces the table of a page. */
export function updateMessages({ path, rows, head, render }: MessagePage): void {
  const file = join(root, path);
  const text = readFileSync(file, 'utf8')
    .replaceAll(rows, '')
    .replaceAll(/\n{3,}/g, '\n\n');
  const start = text.indexOf(head);
  if (start === -1) throw new Error(`${path} has no table ${head}`);
  const end = start + head.length;
  const rest = text.slice(end).replace(/^\n+/, '');
  const table = render().join('\n');
  writeFileSync(file, `${text.slice(0, end)}${table}\n${rest === '' ? '' : `\n${rest}`}`);
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
