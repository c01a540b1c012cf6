import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../serve/gate-process.ts';
import { pages } from './blocks.ts';

interface Link {
  /** From the root of the checkout. */
  readonly target: string;
  /** `limits`; empty if the link leads to the whole page. */
  readonly anchor: string;
}

/** The links of a page to other files of the checkout, and to its own headings. */
function linksOf(page: string): readonly Link[] {
  const text = proseOf(page);
  return [...text.matchAll(/\]\((?<href>[^)\s]+)\)/g)]
    .map(({ groups }) => groups?.['href'] ?? '')
    .filter((href) => !/^[a-z]+:/.test(href))
    .map((href) => {
      const [path = '', anchor = ''] = href.split('#');
      return { target: path === '' ? page : normalize(join(dirname(page), path)), anchor };
    });
}

/** A page without its fenced code blocks. */
function proseOf(page: string): string {
  return readFileSync(join(root, page), 'utf8').replaceAll(/^```[^]*?^```$/gm, '');
}

/** The anchors that GitHub makes from the headings of a page. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...proseOf(page).matchAll(/^#+ (?<title>.+)$/gm)].map(
    ({ groups }) => groups?.['title'] ?? '',
  );
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('the links of the pages', () => {
  for (const page of [...pages(), 'CHANGELOG.md'])
    it(`${page} links to files and headings that exist`, () => {
      for (const { target, anchor } of linksOf(page)) {
        assert.ok(existsSync(join(root, target)), `${page} links to ${target}, which does not exist`);
        if (anchor === '' || statSync(join(root, target)).isDirectory()) continue;
        assert.ok(anchorsOf(target).has(anchor), `${page} links to ${target}#${anchor}: no such heading`);
      }
    });

  it('docs/README.md links to every page of docs', () => {
    const linked = new Set(linksOf('docs/README.md').map(({ target }) => target));
    const expected = pages().filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md');
    assert.deepEqual(
      expected.filter((page) => !linked.has(page)),
      [],
    );
  });

  it('both READMEs link to the index and to the page for engineers on call', () => {
    for (const page of ['README.md', 'README.zh.md']) {
      const linked = new Set(linksOf(page).map(({ target }) => target));
      assert.ok(linked.has('docs/README.md') && linked.has('docs/on-call.md'), page);
    }
  });
});
