import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../serve/gate-process.ts';

/** A fenced code block of a page. */
interface Block {
  /** From the root of the checkout. */
  readonly page: string;
  /** Number of its first line in the page. */
  readonly line: number;
  /** The language of the fence: `sh`, `yaml`, or nothing. */
  readonly language: string;
  readonly text: string;
}

/** The pages with commands for readers. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name).replaceAll('\\', '/'));
  return [
    'README.md',
    'README.zh.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'ARCHITECTURE.md',
    ...docs.toSorted(),
  ];
}

/** The fenced blocks of a page, in their order. */
export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(?<language>\w*)\n(?<text>[^]*?)^```$/gm)].map(({ index, groups }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    language: groups?.['language'] ?? '',
    text: groups?.['text'] ?? '',
  }));
}

/** The commands in the table of tasks of a page (`| I want to … | command | page |`), each as a block of its own. */
export function tasksOf(page: string): readonly Block[] {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const [, , command = ''] = line.split(/(?<!\\)\|/);
    const text = /^ `(?<text>.+)` $/.exec(command)?.groups?.['text'];
    if (text === undefined) return [];
    return [{ page, line: index + 1, language: 'sh', text: text.replaceAll('\\|', '|') }];
  });
}

/** A command of a block, split from the syntax of the shell. */
export interface ShownCommand {
  /** `README.md:11: npm ci` */
  readonly shown: string;
  /** The arguments as the shell passes them, without expansion. */
  readonly words: readonly string[];
}

/** Every single command of a block: lines are split at `&&`, `|` and `;`, and comments are left out. */
export function commandsOf({ page, line, text }: Block): readonly ShownCommand[] {
  return text
    .replaceAll('\\\n', '  ')
    .split('\n')
    .flatMap((row, index) =>
      splitCommands(row).map((words) => ({ shown: `${page}:${line + index}: ${words.join(' ')}`, words })),
    );
}

/** A word in quotes, a part of a word, something between commands, or a comment. */
const TOKEN = /'([^']*)'|"([^"]*)"|(&&|\|\||[|;])|(#.*$)|([^\s'"|;&#]+|[&#])|(\s+)/g;

function splitCommands(row: string): string[][] {
  const commands: string[][] = [[]];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word);
    word = undefined;
  };
  for (const [, single, double, separator, comment, bare] of row.matchAll(TOKEN)) {
    const part = single ?? double ?? bare;
    // A # within a word starts no comment, but no page has one.
    if (part !== undefined) word = (word ?? '') + part;
    else endWord();
    if (separator !== undefined) commands.push([]);
    if (comment !== undefined) break;
  }
  endWord();
  return commands.filter((words) => words.length > 0);
}
