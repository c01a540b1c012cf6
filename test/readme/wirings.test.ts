import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDocuments } from '../../src/document/yaml.ts';
import { groupOf, WORKLOAD_KINDS } from '../../src/workload/kinds.ts';
import { blocksOf } from './blocks.ts';

interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}

/** The parsed YAML of a page with this line. */
function documentIn(page: string, line: string): unknown {
  const block = blocksOf(page).find(
    ({ language, text }) => language === 'yaml' && text.includes(`${line}\n`),
  );
  assert.ok(block, `${page} has no ${line}`);
  const [document, ...others] = parseDocuments(block.text, page);
  assert.deepEqual(others, []);
  return document?.value;
}

/** Every served resource with images, as `GROUP VERSION RESOURCE`. */
const covered = [
  ...new Set(
    WORKLOAD_KINDS.filter(({ kind }) => kind !== 'ScheduledJob').flatMap(({ kind, resource, served }) => {
      const [current = ''] = served;
      const [name = ''] = resource.split('.');
      const version = current.split('/').at(-1) ?? '';
      return `${groupOf(current)} ${version} ${kind === 'EphemeralContainers' ? 'pods/ephemeralcontainers' : name}`;
    }),
  ),
];

/** The resources of webhook rules in the same form; `*` means any version. */
function namedBy(rules: readonly WebhookRule[]): Set<string> {
  return new Set(
    rules.flatMap(({ apiGroups, apiVersions, resources }) =>
      apiGroups.flatMap((group) =>
        apiVersions.flatMap((version) => resources.map((resource) => `${group} ${version} ${resource}`)),
      ),
    ),
  );
}

describe('the wirings that the pages show', () => {
  it('the webhook of docs/protocols.md covers every workload that contains images, in any version', () => {
    const { rules } = documentIn('docs/protocols.md', 'rules:') as { rules: WebhookRule[] };
    const named = namedBy(rules);
    for (const { operations } of rules) assert.deepEqual(operations, ['CREATE', 'UPDATE']);
    assert.deepEqual([...named].toSorted(), covered.map((name) => name.replace(/ \S+ /, ' * ')).toSorted());
  });
});
