import { type Fault, invalid, quoted } from './fault.ts';
import { COMPONENT, TAG_MAX } from './grammar.ts';

const UPPER_CASE = /[A-Z]/;
const NOT_IN_COMPONENT = /[^a-z0-9._-]/;
const NOT_IN_TAG = /[^A-Za-z0-9_.-]/;
const EDGE_SEPARATOR = /^[._-]|[._-]$/;

/** Why `REPOSITORY` does not match: what is wrong with the first component that is wrong. */
export function repositoryFault(repository: string): Fault {
  if (repository === '') return invalid('the repository is empty', 'name a repository');
  const component = repository.split('/').find((candidate) => !COMPONENT.test(candidate)) ?? repository;
  if (component === '') {
    return invalid(
      'the repository has an empty component',
      'remove the "/" that begins, ends or doubles another',
    );
  }
  if (component === '.' || component === '..') {
    // URL resolves these and go-containerregistry lets them through: a/../b would be asked for as b (B15).
    return invalid(
      `repository component ${quoted(component)} is a relative path`,
      'write the path that is meant',
    );
  }
  if (UPPER_CASE.test(component)) {
    return invalid(
      `repository component ${quoted(component)} has an upper-case letter`,
      'write it in lower case',
    );
  }
  return separatorFault(component);
}

function separatorFault(component: string): Fault {
  const offset = component.search(NOT_IN_COMPONENT);
  if (offset !== -1) {
    return invalid(
      `repository component ${quoted(component)} has the character ${quoted(component.charAt(offset))}`,
      'use lower-case letters, digits, ".", "_" and "-" only',
    );
  }
  if (EDGE_SEPARATOR.test(component)) {
    return invalid(
      `repository component ${quoted(component)} begins or ends with a separator`,
      'begin and end it with a letter or a digit',
    );
  }
  return invalid(
    `repository component ${quoted(component)} has separators in a row`,
    'use ".", "_", "__" or any number of "-" between letters and digits',
  );
}

/** Why `TAG` does not match. */
export function tagFault(tag: string): Fault {
  if (tag === '') return invalid('the tag is empty', 'write a tag after ":" or remove the ":"');
  if (tag.length > TAG_MAX) {
    return invalid(`the tag has ${tag.length} characters, more than ${TAG_MAX}`, 'use a shorter tag');
  }
  const offset = tag.search(NOT_IN_TAG);
  return offset === -1
    ? invalid(`tag ${quoted(tag)} begins with "." or "-"`, 'begin it with a letter, a digit or "_"')
    : invalid(
        `tag ${quoted(tag)} has the character ${quoted(tag.charAt(offset))}`,
        'use letters, digits, "_", "." and "-" only',
      );
}
