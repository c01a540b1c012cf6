// Reviews that nest deeper than the stack of this process, which runs with a small --stack-size. Prints the answers.
import { BAD, GOOD, pod, podOf } from './pods.ts';
import { admissionReview } from './protocols.ts';
import { admissionReviewOf, crafted } from './reviews.ts';
import { ask } from './verdicts.ts';

const DEPTH = 1000;
const lists = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`;

function objects(key: string): string {
  return `${`{"${key}":`.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`;
}

/** The review is made as text, because JSON.stringify cannot write this nesting. */
function reviewWith(annotations: string, image: string): unknown {
  const object = pod({ containers: { web: 'IMAGE' } }, { annotations: 'DEEP' });
  const text = JSON.stringify(admissionReviewOf({ object }));
  return JSON.parse(text.replace('"DEEP"', annotations).replace('"IMAGE"', image));
}

function answers(documents: readonly unknown[]): readonly (readonly [number, string])[] {
  return documents.map((document) => {
    const { status, text } = ask(admissionReview, document);
    return [status, text] as const;
  });
}

const deepAnnotations = [objects('a'), lists, `{"x":${objects('metadata')}}`];
const unreadable = (): object => podOf(JSON.parse(`{"containers":"none","deep":${lists}}`));

let overflow = '';
try {
  JSON.stringify(JSON.parse(lists));
} catch (error) {
  overflow = (error as Error).name;
}
const results = {
  overflow,
  good: answers(deepAnnotations.map((deep) => reviewWith(deep, JSON.stringify(GOOD)))),
  bad: answers(deepAnnotations.map((deep) => reviewWith(deep, JSON.stringify(BAD)))),
  images: answers([objects('image'), lists].map((image) => reviewWith('{}', image))),
  noReviews: answers([
    JSON.parse(lists),
    JSON.parse(objects('request')),
    crafted({ uid: JSON.parse(lists) as unknown }),
  ]),
  kinds: answers([crafted({ kind: JSON.parse(objects('kind')) as unknown })]),
  updates: answers([crafted({ operation: 'UPDATE', object: unreadable(), oldObject: unreadable() })]),
};
process.stdout.write(JSON.stringify(results));
