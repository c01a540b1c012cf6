import assert from 'node:assert/strict';
import test from 'node:test';
import { importsOf, withoutComments } from './sources.ts';

test('the reader of imports finds every form of import, and ignores comments', () => {
  const code = withoutComments(`
    import type { A } from './a.ts';
    import { type B, c } from '../b.ts';
    import * as z from 'zod';
    import 'reflect-metadata';
    import d,
      { e } from "./d.ts";
    export { f } from './f.ts';
    export type { G } from './g.ts';
    export * from './h.ts';
    const lazy = await import('@peculiar/x509');
    // import { no } from './comment.ts';
    /* import { no } from './comment.ts'; */
    const url = 'https://example.com'; import { i } from './i.ts';
    export const j = 'from';
  `);
  assert.deepEqual(
    importsOf('src/x/y.ts', code).map(({ specifier, typeOnly }) =>
      typeOnly ? `type ${specifier}` : specifier,
    ),
    [
      'type ./a.ts',
      '../b.ts',
      'zod',
      'reflect-metadata',
      './d.ts',
      './f.ts',
      'type ./g.ts',
      './h.ts',
      '@peculiar/x509',
      './i.ts',
    ],
  );
});
