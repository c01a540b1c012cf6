import { fault, type Fault, quoted } from './fault.ts';
import { COMPONENT, TAG_MAX } from './grammar.ts';

const UPPER_CASE = /[A-Z]/;
const NOT_IN_COMPONENT = /[^a-z0-9._-]/;
const NOT_IN_TAG = /[^A-Za-z0-9_.-]/;
const DIGEST_LIKE = /^sha(?:256|384|512):/i;
const EDGE_SEPARATOR = /^[._-]|[._-]$/;

/** The fault of a repository that `REPOSITORY` does not match: the fault of its first wrong component. */
export function repositoryFault(repository: string): Fault {
  if (repository === '') return fault('INVALID_REFERENCE.repository-empty');
  const wrong = repository.split('/').find((candidate) => !COMPONENT.test(candidate)) ?? repository;
  if (wrong === '') return fault('INVALID_REFERENCE.component-empty');
  const component = quoted(wrong);
  // URL resolves these, and not every client refuses them (B15).
  if (wrong === '.' || wrong === '..') return fault('INVALID_REFERENCE.component-relative', { component });
  if (UPPER_CASE.test(wrong)) return fault('INVALID_REFERENCE.component-upper-case', { component });
  const offset = wrong.search(NOT_IN_COMPONENT);
  if (offset !== -1) {
    const character = quoted(wrong.charAt(offset));
    return fault('INVALID_REFERENCE.component-character', { component, character });
  }
  if (EDGE_SEPARATOR.test(wrong)) return fault('INVALID_REFERENCE.component-edge', { component });
  return fault('INVALID_REFERENCE.component-separators', { component });
}

/** The fault of a tag that `TAG` does not match. */
export function tagFault(tag: string): Fault {
  if (tag === '') return fault('INVALID_REFERENCE.tag-empty');
  if (DIGEST_LIKE.test(tag)) return fault('INVALID_REFERENCE.digest-after-colon', { digest: quoted(tag) });
  if (tag.includes(':')) return fault('INVALID_REFERENCE.two-tags', { tags: quoted(tag) });
  if (tag.includes('/')) return fault('INVALID_REFERENCE.tag-slash', { tag: quoted(tag) });
  const { length } = tag;
  if (length > TAG_MAX) return fault('INVALID_REFERENCE.tag-too-long', { length, max: TAG_MAX });
  const offset = tag.search(NOT_IN_TAG);
  return offset === -1
    ? fault('INVALID_REFERENCE.tag-begin', { tag: quoted(tag) })
    : fault('INVALID_REFERENCE.tag-character', { tag: quoted(tag), character: quoted(tag.charAt(offset)) });
}
