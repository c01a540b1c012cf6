import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bouncer } from '#test/command-line.ts';
import { differences, type JsonSchema } from '#test/json-schema.ts';
import { NO_LATEST } from '#test/policies.ts';
import { ask } from '#test/verdicts.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { parseDocuments } from '../../src/document/yaml.ts';
import { loadPolicy } from '../../src/policy-source/load.ts';
import { renderPolicySchema } from '../../src/policy/schema.ts';
import type { Fields } from '../../src/document/json.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const PRODUCTION = join(EXAMPLES, 'policies/production.yaml');
const DIGEST = `sha256:${'0'.repeat(64)}`;

/** The files of a folder of examples, by path. */
function filesOf(folder: string): string[] {
  return readdirSync(join(EXAMPLES, folder)).map((name) => join(EXAMPLES, folder, name));
}

function nameOf(path: string): string {
  return path.slice(EXAMPLES.length + 1);
}

interface CheckedObject {
  readonly verdict: string;
  readonly violations: readonly {
    readonly rule: string | null;
    readonly code: string;
    readonly field: string;
    readonly actions: readonly string[];
  }[];
}

/** Checks one file by the production policy. */
async function check(
  path: string,
): Promise<{ readonly code: number; readonly objects: readonly CheckedObject[] }> {
  const { code, stdout, stderr } = await bouncer(['check', path, '--policy', PRODUCTION, '--output', 'json']);
  assert.equal(stderr, '');
  return { code, objects: (JSON.parse(stdout) as { objects: CheckedObject[] }).objects };
}

/** Images that each policy admits and refuses, regardless of the rest of the object. */
const VERDICTS: Readonly<
  Record<string, { readonly admitted: readonly string[]; readonly refused: readonly string[] }>
> = {
  'minimal.yaml': {
    admitted: ['nginx:1.27', `nginx@${DIGEST}`],
    refused: ['nginx', 'ghcr.io/acme/app:latest'],
  },
  'production.yaml': {
    admitted: ['nginx:1.27', 'registry.example.com/team/app:2.0.0', 'registry.example.com/team/app:main'],
    refused: ['nginx', 'quay.io/unknown/app:1', 'registry.example.com/legacy/app:1.0.0'],
  },
  'registries-only.yaml': {
    admitted: ['registry.example.com/a/b', 'ghcr.io/example/app:1'],
    refused: ['nginx:1.27', 'docker.io/library/nginx:1.27', 'ghcr.io/examples/app:1'],
  },
  'digests-in-production.yaml': { admitted: [`nginx@${DIGEST}`], refused: ['nginx:1.27', 'nginx:edge'] },
  'warn-first.yaml': { admitted: ['nginx:1.27', 'ghcr.io/a/b:1'], refused: ['nginx'] },
  'chinese.yaml': { admitted: ['registry.example.com/a:1'], refused: ['registry.example.com/a', 'nginx:1'] },
};

describe('the policies among the examples', () => {
  const schema = renderPolicySchema() as JsonSchema;
  for (const path of filesOf('policies')) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    it(`${name} can be loaded, has the name of its file, and conforms to the JSON Schema`, async () => {
      const policy = await loadPolicy(path);
      assert.equal(`${policy.identity.name}.yaml`, name);
      const [document] = parseDocuments(readFileSync(path, 'utf8'), path);
      assert.deepEqual(differences(document?.value, schema), []);
    });

    it(`${name} admits its good images and refuses its bad images`, async () => {
      const { admitted = [], refused = [] } = VERDICTS[name] ?? {};
      assert.ok(admitted.length > 0 && refused.length > 0, 'each policy has a good and a bad image');
      const { stdout } = await bouncer(['explain', '--policy', path, '-o', 'json', ...admitted, ...refused]);
      const verdicts = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { input: string; verdict: string });
      assert.deepEqual(
        verdicts.map(({ input, verdict }) => `${verdict} ${input}`),
        [...admitted.map((image) => `admitted ${image}`), ...refused.map((image) => `refused ${image}`)],
      );
    });
  }

  it('have Chinese messages if the example is Chinese', async () => {
    const { stdout } = await bouncer([
      'explain',
      'nginx',
      '--policy',
      join(EXAMPLES, 'policies/chinese.yaml'),
      '--language',
      'zh-CN',
    ]);
    assert.match(stdout, /检查镜像失败!镜像标签不允许使用latest!/);
  });

  it('XH16 refuse an ambiguous reference, also if no other rule refuses, and say so', async () => {
    const path = join(EXAMPLES, 'policies/warn-first.yaml');
    const { stdout } = await bouncer(['explain', 'Registry.example.com/a:1', '--policy', path]);
    assert.match(stdout, /refused +AMBIGUOUS_REFERENCE/);
    assert.match(
      readFileSync(path, 'utf8'),
      /Even if all rules only warn, an image is refused if its reference/,
    );
  });

  it('require digests only in production', async () => {
    const policy = join(EXAMPLES, 'policies/digests-in-production.yaml');
    const pod = join(EXAMPLES, 'objects/good/nginx-versioned.yaml');
    for (const [namespace, code] of [
      ['prod', 1],
      ['prod-eu', 1],
      ['staging', 0],
    ] as const) {
      assert.equal(
        (await bouncer(['check', pod, '--policy', policy, '--namespace', namespace])).code,
        code,
        namespace,
      );
    }
  });
});

describe('the objects among the examples, by the production policy', () => {
  for (const path of filesOf('objects/good')) {
    it(`${nameOf(path)} is admitted without a warning`, async () => {
      const { code, objects } = await check(path);
      assert.equal(code, 0);
      assert.deepEqual(
        objects.flatMap(({ violations }) => violations),
        [],
      );
    });
  }

  for (const path of filesOf('objects/bad')) {
    it(`${nameOf(path)} is refused for the reason in its first line`, async () => {
      const expected = [...readFileSync(path, 'utf8').matchAll(/^# refused: (\S+) at (\S+)$/gm)].map(
        ([, rule, field]) => `${rule} at ${field}`,
      );
      assert.ok(expected.length > 0, 'it says nothing');
      const { code, objects } = await check(path);
      assert.equal(code, 1);
      assert.deepEqual(
        objects
          .flatMap(({ violations }) => violations.filter(({ actions }) => actions.includes('Deny')))
          .map(({ rule, code: cause, field }) => `${rule ?? cause} at ${field}`)
          .toSorted(),
        expected.toSorted(),
      );
    });
  }

  it('can be checked as a folder', async () => {
    const { code, stdout } = await bouncer(['check', join(EXAMPLES, 'objects'), '--policy', PRODUCTION]);
    assert.equal(code, 1);
    assert.match(stdout, /^\d+ objects, \d+ images: 7 refused$/m);
  });
});

describe('the reviews among the examples, by the built-in policy', () => {
  for (const path of filesOf('reviews')) {
    const allowed = path.endsWith('-allowed.json');
    it(`${nameOf(path)} is ${allowed ? 'allowed' : 'denied'}`, () => {
      const document = JSON.parse(readFileSync(path, 'utf8')) as Fields;
      const protocol = path.includes('image-review') ? imageReview : admissionReview;
      const { status, body, text } = ask(protocol, document, NO_LATEST);
      const verdict = (body['response'] ?? body['status']) as { readonly allowed: boolean };
      assert.deepEqual([status, verdict.allowed], [200, allowed]);
      assert.equal(text.includes('Images using latest tag are not allowed'), !allowed);
    });
  }
});
