import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { KNOWN, reviewOf, type KnownFacts } from '#test/bare-reviews.ts';
import { policyDocument, policyOf } from '#test/policies.ts';
import { decide } from '#test/verdicts.ts';
import { decodePolicy } from './decode.ts';
import type { SelectorDocument } from './schema.ts';

type Field = keyof SelectorDocument;

/** A field of a selector, a value that matches `nginx` in `KNOWN`, a value that does not, and the part of the review that it needs. */
const FIELDS: readonly (readonly [
  Field,
  SelectorDocument,
  SelectorDocument,
  keyof KnownFacts | undefined,
])[] = [
  ['images', { images: ['docker.io/library/*'] }, { images: ['ghcr.io/**'] }, undefined],
  ['usages', { usages: ['container'] }, { usages: ['initContainer', 'imageVolume'] }, 'usage'],
  ['resources', { resources: ['pods'] }, { resources: ['deployments.apps'] }, 'resource'],
  ['namespaces', { namespaces: ['team-*'] }, { namespaces: ['kube-system', 'prod-*'] }, 'namespace'],
  ['users', { users: ['alice'] }, { users: ['bob', 'system:*'] }, 'user'],
  ['groups', { groups: ['developers'] }, { groups: ['admins'] }, 'user'],
];

/** Whether a rule that refuses each image that it selects refuses `nginx`. */
async function refuses(
  selectors: { match?: SelectorDocument; exclude?: SelectorDocument },
  facts: KnownFacts = KNOWN,
): Promise<boolean> {
  const policy = await policyOf({ ...selectors, requiredDigest: {} });
  return decide(reviewOf('nginx', facts), policy).outcome === 'refused';
}

function without(fact: keyof KnownFacts): KnownFacts {
  return Object.fromEntries(Object.entries(KNOWN).filter(([key]) => key !== fact));
}

describe('if a value is unknown, the rule applies', () => {
  for (const [field, holds, fails, fact] of FIELDS) {
    it(`flip: match.${field} decides whether a rule applies to an image`, async () => {
      assert.equal(await refuses({ match: holds }), true, 'known, and it matches');
      assert.equal(await refuses({ match: fails }), false, 'known, and it does not match');
    });
    it(`flip: exclude.${field} decides whether a rule does not apply to an image`, async () => {
      assert.equal(await refuses({ exclude: holds }), false, 'known, and it matches');
      assert.equal(await refuses({ exclude: fails }), true, 'known, and it does not match');
    });
    if (fact === undefined) continue;
    it(`match.${field}: an unknown value matches`, async () => {
      assert.equal(await refuses({ match: holds }, without(fact)), true);
      assert.equal(await refuses({ match: fails }, without(fact)), true);
    });
    it(`exclude.${field}: an unknown value does not exclude`, async () => {
      assert.equal(await refuses({ exclude: holds }, without(fact)), true);
      assert.equal(await refuses({ exclude: fails }, without(fact)), true);
    });
  }
});

test('the fields of a selector are ANDed', async () => {
  for (const [field, , fails] of FIELDS) {
    const all = Object.assign({}, ...FIELDS.map(([, holds]) => holds)) as SelectorDocument;
    assert.equal(await refuses({ match: all }), true);
    assert.equal(await refuses({ match: { ...all, ...fails } }), false, `match with another ${field}`);
    assert.equal(await refuses({ exclude: all }), false);
    assert.equal(await refuses({ exclude: { ...all, ...fails } }), true, `exclude with another ${field}`);
  }
});

test('the values of a field are ORed', async () => {
  for (const [field, holds, fails] of FIELDS) {
    const either = { [field]: [...(fails[field] ?? []), ...(holds[field] ?? [])] };
    assert.equal(await refuses({ match: either }), true, field);
    assert.equal(await refuses({ exclude: either }), false, field);
  }
});

test('exclude applies only to what match selects', async () => {
  const match = { namespaces: ['team-*'] };
  assert.equal(await refuses({ match, exclude: { users: ['alice'] } }), false);
  assert.equal(await refuses({ match, exclude: { users: ['bob'] } }), true);
});

test('exclude.images is exact, but match.images includes the other hosts of Docker Hub', async () => {
  const alias = 'registry-1.docker.io/library/nginx';
  const images = ['docker.io/library/nginx'];
  const matching = await policyOf({ match: { images }, requiredDigest: {} });
  const excluding = await policyOf({ exclude: { images }, requiredDigest: {} });
  assert.equal(decide(reviewOf(alias), matching).outcome, 'refused', 'another host of Docker Hub is matched');
  assert.equal(decide(reviewOf(alias), excluding).outcome, 'refused', 'and is not excluded');
});

test('a cluster-scoped object has no namespace, which is not the same as an unknown namespace', async () => {
  assert.equal(await refuses({ match: { namespaces: ['team-*'] } }, { ...KNOWN, namespace: '' }), false);
  assert.equal(await refuses({ exclude: { namespaces: ['team-*'] } }, { ...KNOWN, namespace: '' }), true);
});

test('a user without groups has no groups, which is not the same as unknown groups', async () => {
  const user = { username: 'alice', groups: [] };
  assert.equal(await refuses({ match: { groups: ['developers'] } }, { ...KNOWN, user }), false);
  assert.equal(await refuses({ exclude: { groups: ['developers'] } }, { ...KNOWN, user }), true);
});

test('C12 namespaces and users named like parts of JavaScript objects are names like any other', async () => {
  for (const name of ['constructor', 'tostring', 'valueof', 'hasownproperty']) {
    assert.equal(
      await refuses({ match: { namespaces: ['team-a'] } }, { ...KNOWN, namespace: name }),
      false,
      name,
    );
    assert.equal(
      await refuses({ exclude: { namespaces: ['team-a'] } }, { ...KNOWN, namespace: name }),
      true,
      name,
    );
    assert.equal(await refuses({ match: { namespaces: [name] } }, { ...KNOWN, namespace: name }), true, name);
  }
  for (const username of ['__proto__', 'constructor', 'toString']) {
    assert.equal(
      await refuses({ exclude: { users: ['alice'] } }, { ...KNOWN, user: { username, groups: [] } }),
      true,
    );
    assert.equal(
      await refuses({ match: { users: [username] } }, { ...KNOWN, user: { username, groups: [username] } }),
      true,
    );
  }
});

test('an unknown value never admits an image that a known value would refuse', async () => {
  const values: Readonly<Record<keyof KnownFacts, readonly unknown[]>> = {
    namespace: ['team-a', 'kube-system', ''],
    user: [KNOWN.user, { username: 'bob', groups: ['admins'] }],
    resource: ['pods', 'deployments.apps'],
    usage: ['container', 'initContainer'],
  };
  const worlds = Object.entries(values).reduce<readonly KnownFacts[]>(
    (facts, [key, each]) => facts.flatMap((fact) => each.map((value) => ({ ...fact, [key]: value }))),
    [{}],
  );
  let admitted = 0;
  for (const unmatchedImages of ['Deny', 'Allow'] as const) {
    for (const [, holds, fails, fact] of FIELDS) {
      if (fact === undefined) continue;
      for (const selectors of [
        { match: holds },
        { match: fails },
        { exclude: holds },
        { exclude: fails },
        { match: holds, exclude: fails },
      ]) {
        const policy = await decodePolicy(
          policyDocument(
            [
              {
                ...selectors,
                match: { ...selectors.match, images: ['docker.io/library/*'] },
                allowedTags: { tags: ['1'] },
              },
            ],
            unmatchedImages,
          ),
        );
        for (const image of ['app:1', 'app:2']) {
          const unknown = decide(reviewOf(image, without(fact)), policy).outcome;
          if (unknown !== 'admitted') continue;
          admitted += 1;
          for (const world of worlds.filter((candidate) => agrees(candidate, fact))) {
            assert.equal(
              decide(reviewOf(image, world), policy).outcome,
              'admitted',
              JSON.stringify({ unmatchedImages, selectors, image, world }),
            );
          }
        }
      }
    }
  }
  assert.ok(admitted > 10, 'some images are admitted');
});

/** Whether a review differs from `KNOWN` in this value at most. */
function agrees(world: KnownFacts, fact: keyof KnownFacts): boolean {
  return Object.entries(KNOWN).every(
    ([key, value]) => key === fact || world[key as keyof KnownFacts] === value,
  );
}
