import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../end-to-end/support/eventually.ts';
import { askImages } from '../serve/ask.ts';
import { makePod } from './contained-gates.ts';

const POLICY = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: production}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-latest
    disallowedTags: {tags: [latest]}
`;

const PAGE = fileURLToPath(new URL('../../docs/container-image.md', import.meta.url));

/** The output without values that differ in every run. The log and stderr are two streams, whose order may vary. */
function withoutChance(text: string): readonly string[] {
  return text
    .trim()
    .split('\n')
    .map((line) =>
      line.replaceAll(/"time":"[^"]*"|"revision":"[^"]*"|(?<=[":])\d{4,5}\b|[\d.]+(?=,"msg")/g, '…'),
    )
    .toSorted();
}

describe('docs/container-image.md', () => {
  it('shows the output of the gate in its image from start to end', async () => {
    const pod = await makePod(POLICY);
    await using gate = await pod.serve('--drain=1');
    for (const images of [['nginx'], ['nginx:1.17.1']]) await askImages(gate, images, { ca: pod.authority });
    // The log is written in batches, so that the last decision may come after the last message.
    await eventually('both decisions are in the log', async () =>
      (await gate.output()).match(/"decision"/g)?.length === 2 ? true : undefined,
    );
    await gate.kill('SIGTERM');
    assert.equal(await gate.exited, 'exit code 0');
    const shown =
      /The log from start to end[^]*?```\n([^]*?)```/.exec(await readFile(PAGE, 'utf8'))?.[1] ?? '';
    const output = await gate.output();
    assert.deepEqual(withoutChance(output), withoutChance(shown), output);
  });
});
