import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { differences, type JsonSchema } from '#test/json-schema.ts';
import { VARIABLES } from '../../src/cli/environment.ts';
import { createProgram } from '../../src/cli/program.ts';
import { parseDocuments } from '../../src/document/yaml.ts';
import { parseImagePattern, matchesImage } from '../../src/image/pattern.ts';
import { parseImageReference } from '../../src/image/reference.ts';
import { parsePolicy } from '../../src/policy-source/load.ts';
import { RULE_KINDS } from '../../src/policy/rules/index.ts';
import { renderPolicySchema } from '../../src/policy/schema.ts';
import { WORKLOAD_KINDS } from '../../src/workload/kinds.ts';

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
}

/** The cells of all table rows of a text, without the heads. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The code spans of a cell. */
function spansOf(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
}

describe('docs/policy.md', () => {
  const page = read('docs/policy.md');
  const schema = renderPolicySchema() as JsonSchema;

  for (const [path, least] of [
    ['docs/policy.md', 6],
    ['README.md', 1],
  ] as const) {
    it(`every policy in ${path} is loaded and conforms to the JSON Schema`, async () => {
      const blocks = [...read(path).matchAll(/```yaml\n([^]*?)```/g)].map(([, block = '']) => block);
      const policies = blocks.filter((block) => block.includes('kind: ImageAdmissionPolicy'));
      assert.ok(policies.length >= least, `${policies.length} policies`);
      if (path === 'docs/policy.md') assert.equal(policies.length, blocks.length);
      for (const policy of policies) {
        await parsePolicy(policy, path);
        assert.deepEqual(differences(parseDocuments(policy, path)[0]?.value, schema), []);
      }
    });
  }

  it('has every check, every resource and every field', () => {
    for (const key of Object.keys(RULE_KINDS))
      assert.ok(new RegExp(`^### .*\\b${key}\\b`, 'm').test(page), `docs/policy.md has no section of ${key}`);
    for (const { resource } of WORKLOAD_KINDS) assert.ok(page.includes(`\`${resource}\``), resource);
    const { spec } = schema['properties'] as Record<string, { properties: Record<string, JsonSchema> }>;
    for (const key of Object.keys(spec?.properties ?? {}))
      assert.ok(page.includes(`| \`spec.${key}\` |`), key);
    const rules = (spec?.properties['rules'] ?? {}) as { items?: { properties: Record<string, JsonSchema> } };
    const rule = rules.items?.properties ?? {};
    assert.ok(Object.hasOwn(rule, 'match'));
    for (const key of Object.keys(rule)) {
      assert.ok(Object.hasOwn(RULE_KINDS, key) || page.includes(`\`rules[].${key}\``), key);
    }
    for (const key of Object.keys(rule['match']?.['properties'] ?? {}))
      assert.ok(new RegExp(`^\\| .*\`${key}\`.* \\|`, 'm').test(page), `docs/policy.md has no row of ${key}`);
  });

  it('its table of patterns matches the parser', () => {
    const table = page.slice(page.indexOf('| pattern | names |'));
    const rows = rowsOf(table.slice(0, table.indexOf('\n\n')))
      .slice(1)
      .filter(([cell]) => !cell?.startsWith('---'));
    assert.ok(rows.length >= 6);
    for (const [pattern, named, others] of rows) {
      const parsed = parseImagePattern(spansOf(pattern)[0] ?? '', 'opens');
      const names = (image: string): boolean => {
        const reference = parseImageReference(image);
        assert.ok(reference.kind === 'image', image);
        return matchesImage(parsed, reference);
      };
      assert.ok(spansOf(named).length > 0 && spansOf(others).length > 0);
      for (const image of spansOf(named)) assert.ok(names(image), `${pattern} names ${image}`);
      for (const image of spansOf(others)) assert.ok(!names(image), `${pattern} does not name ${image}`);
    }
  });

  it('shows a problem exactly as the loader prints it', async () => {
    const quoted = /```\n(policy\.yaml:\d+:\d+: [^\n]*?)…/.exec(page)?.[1] ?? assert.fail('no message');
    const policy = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
    const broken = policy.replace('disallowedTags', 'disalowedTags');
    await assert.rejects(
      parsePolicy(broken, 'policy.yaml'),
      (error) => error instanceof Error && error.message.startsWith(quoted),
    );
  });
});

const streams = { stdin: Readable.from([]), stdout: new Writable(), stderr: new Writable() };
const program = await createProgram({ environment: {}, streams, finish: () => undefined });

describe('docs/cli.md', () => {
  const page = read('docs/cli.md');

  /** The options of a command, as the page should list them. */
  function definedBy(command: Command): string[] {
    return command
      .createHelp()
      .visibleOptions(command)
      .map((option) => {
        const variable = Object.entries<string>(VARIABLES).find(
          ([name]) => name === option.attributeName(),
        )?.[1];
        const fallback: unknown = option.defaultValue;
        return [option.flags, variable ?? '', typeof fallback === 'string' ? fallback : ''].join(' | ');
      });
  }

  /** The section of a command. */
  function sectionOf(title: string): string {
    const start = page.indexOf(`\n## ${title}\n`);
    assert.notEqual(start, -1, `there is no section ${title}`);
    const end = page.indexOf('\n## ', start + 1);
    return page.slice(start, end === -1 ? undefined : end);
  }

  function documentedBy(title: string): string[] {
    return rowsOf(sectionOf(title))
      .filter(([cell]) => cell?.startsWith('`-'))
      .map(([flags, variable, fallback]) =>
        [flags, variable, fallback].map((cell) => spansOf(cell)[0] ?? '').join(' | '),
      );
  }

  /** `check`, `policy schema`. */
  function titleOf(command: Command): string {
    return command.parent === program ? command.name() : `${command.parent?.name()} ${command.name()}`;
  }

  const commands = program.commands.flatMap((command) =>
    command.commands.length === 0 ? [command] : command.commands,
  );
  for (const command of commands) {
    const title = titleOf(command);
    it(`its table of ${title} has the options of the program, with variables and defaults`, () => {
      assert.deepEqual(documentedBy(title).toSorted(), definedBy(command).toSorted());
    });
  }

  it('has exactly one section for each command', () => {
    const titles = [...page.matchAll(/^## (.+)$/gm)]
      .map(([, title]) => title ?? '')
      .filter((title) => title !== 'Environment');
    assert.deepEqual(titles.toSorted(), commands.map(titleOf).toSorted());
  });

  it('shows a line of explain as it is printed', () => {
    const line = /```json\n(.*)\n```/.exec(page)?.[1] ?? '';
    assert.deepEqual(Object.keys(JSON.parse(line) as object), [
      'input',
      'canonical',
      'registry',
      'repository',
      'tag',
      'digest',
      'verdict',
    ]);
  });
});
