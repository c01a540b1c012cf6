import { createRandom, type Random, seedOfCase } from '../fuzz/random.ts';
import type { Case } from './case.ts';
import { CREATE_FAMILIES } from './create-scenes.ts';
import { CUSTOM_FAMILIES } from './custom-scenes.ts';
import { IMAGE_POLICIES } from './image-policies.ts';
import { IMAGE_REVIEW_FAMILIES } from './image-review-scenes.ts';
import { PASSING_FAMILIES } from './passing-scenes.ts';
import { PLACE_POLICIES } from './place-policies.ts';
import type { OraclePolicy } from './policy.ts';
import { QUESTION_POLICIES } from './question-policies.ts';
import { drawEnvelope } from './envelope.ts';
import type { Family, Scene, Truth } from './scene.ts';
import { UPDATE_FAMILIES } from './update-scenes.ts';

/** Every policy that a document can contain. Case `index` has the policy `index` modulo their number. */
export const POLICIES: readonly OraclePolicy[] = [...IMAGE_POLICIES, ...PLACE_POLICIES];

/** Every policy of the gate that runs in this process. */
export const CORE_POLICIES: readonly OraclePolicy[] = [...POLICIES, ...QUESTION_POLICIES];

/** Every family of good and bad cases. */
export const FAMILIES: readonly Family[] = [
  ...CREATE_FAMILIES,
  ...UPDATE_FAMILIES,
  ...PASSING_FAMILIES,
  ...IMAGE_REVIEW_FAMILIES,
  ...CUSTOM_FAMILIES,
];

/** Case `index` of a seed. It is the same on every machine, and does not depend on earlier cases. */
export function drawCase(seed: number, index: number, policies = POLICIES): Case {
  const random = createRandom(seedOfCase(seed, index));
  const policy = policies[index % policies.length];
  if (policy === undefined) throw new RangeError(`case ${index} is no case`);
  const [family, scene] = drawScene(random, policy);
  const envelope = drawEnvelope(random, scene);
  return { index, policy, ...envelope, facets: [...envelope.facets, family.name, policy.name] };
}

const BY_TRUTH = { good: weighted('good'), bad: weighted('bad') };

/** Draws the truth first. If a policy lacks a place for a family, another family of the same truth is drawn. */
function drawScene(random: Random, policy: OraclePolicy): readonly [Family, Scene] {
  const truth: Truth = random.chance(0.5) ? 'good' : 'bad';
  const { families, total } = BY_TRUTH[truth];
  for (let attempt = 0; attempt < 100; attempt += 1) {
    let rest = (random.below(1_000_000) / 1_000_000) * total;
    const family = families.find(({ weight }) => (rest -= weight) < 0);
    const scene = family?.draw(random, policy);
    if (family !== undefined && scene !== undefined) return [family, scene];
  }
  throw new Error(`policy ${policy.name} has no ${truth} scene`);
}

function weighted(truth: Truth): { readonly families: readonly Family[]; readonly total: number } {
  const families = FAMILIES.filter((family) => family.truth === truth);
  return { families, total: families.reduce((sum, { weight }) => sum + weight, 0) };
}
