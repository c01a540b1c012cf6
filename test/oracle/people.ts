import type { Some } from './images.ts';

/** The user of a request; `undefined` if the review has no user (E17). */
export type Person = { readonly username: string; readonly groups: readonly string[] } | undefined;

const AUTHENTICATED = 'system:authenticated';

/**
 * Users that no policy of the oracle mentions: a controller, an administrator, and a user with the name of an
 * object's property (E08, E09, E10, C12).
 */
export const ORDINARY: Some<Person> = [
  { username: 'bob', groups: ['ops', AUTHENTICATED] },
  { username: 'root', groups: ['system:masters', AUTHENTICATED] },
  serviceAccount('kube-system', 'replicaset-controller'),
  serviceAccount('platform-evil', 'x'),
  serviceAccount('ci-evil', 'build'),
  { username: 'constructor', groups: ['toString'] },
  { username: 'developers', groups: [] },
  { username: 'alice2', groups: ['developers-2', 'release-managers-not'] },
];

export const UNSAID: Some<Person> = [undefined];

export const ALICE: Some<Person> = [{ username: 'alice', groups: ['ops', AUTHENTICATED] }];

export const PLATFORM: Some<Person> = [
  serviceAccount('platform', 'deployer'),
  serviceAccount('platform', 'x'),
];

export const CI: Some<Person> = [serviceAccount('ci', 'build'), serviceAccount('ci', 'nightly')];

export const DEVELOPERS: Some<Person> = [
  { username: 'carol', groups: ['developers', AUTHENTICATED] },
  { username: 'release-managers', groups: [AUTHENTICATED, 'developers'] },
];

export const RELEASE_MANAGERS: Some<Person> = [{ username: 'dora', groups: ['ops', 'release-managers'] }];

export const DEVELOPING_RELEASE_MANAGERS: Some<Person> = [
  { username: 'eve', groups: ['release-managers', 'developers'] },
];

/** The kubelet of a node. */
export function node(name: string): NonNullable<Person> {
  return { username: `system:node:${name}`, groups: ['system:nodes', AUTHENTICATED] };
}

function serviceAccount(namespace: string, name: string): Person {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED],
  };
}
