import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer, folderOf, type Outcome } from '#test/command-line.ts';
import { oneLine } from '../language/one-line.ts';

// An attacker may choose a manifest, its name and its folder, for example in a pull request.
const HOSTILE = [
  '\u001b[2J\u001b[31mall good',
  '\u202egpj.exe\u2066',
  '\u009b31m',
  'a\u200b\ufeff',
  '{reason}',
];

const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}[\p{Cf}--[\u200c\u200d]]]/v;

/** The output contains no control characters except line breaks. */
function assertHarmless({ stdout, stderr }: Outcome): void {
  for (const line of `${stdout}\n${stderr}`.split('\n')) assert.doesNotMatch(line, UNFIT);
}

describe('the output on a terminal', () => {
  for (const text of HOSTILE) {
    for (const language of ['en', 'zh']) {
      it(`K01 check ${language}: ${oneLine(JSON.stringify(text))} as name of a file, an object, a container and an image`, async () => {
        const object = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            name: text,
            namespace: text,
            ownerReferences: [{ kind: text, name: text, controller: true }],
          },
          spec: {
            containers: [
              { name: text, image: text },
              { name: 'b', image: 'nginx' },
            ],
          },
        };
        await using folder = await folderOf({ [`${text}.json`]: JSON.stringify(object) });
        const checked = await bouncer(['check', folder.path, '--language', language]);
        assert.equal(checked.code, 1);
        assertHarmless(checked);
        assert.match(checked.stdout, /nginx/);
        const printed = await bouncer(['check', folder.path, '--output', 'json', '--language', language]);
        const { objects } = JSON.parse(printed.stdout) as { objects: readonly { place: string }[] };
        assert.ok(objects[0]?.place.startsWith(folder.file(`${text}.json`)), 'JSON keeps the text unchanged');
        assert.doesNotMatch(printed.stdout.replaceAll('\n', ''), /\p{Cc}/v);
      });
    }

    it(`K01 an error about a file called ${oneLine(JSON.stringify(text))}, or with it inside`, async () => {
      await using folder = await folderOf({
        [`${text}.yaml`]: `a: *x${text}`,
        'p.yaml': `kind: "${text}"\n"${text}": 1\n`,
      });
      for (const args of [
        ['check', folder.file(`${text}.yaml`)],
        ['check', '--policy', folder.file('p.yaml')],
        ['check', '--messages', folder.file('p.yaml')],
        ['check', folder.file(`absent${text}`)],
        ['check', '--language', text],
        [text],
      ]) {
        const outcome = await bouncer(args);
        assertHarmless(outcome);
        assert.ok(outcome.stderr.length > 0, args.join(' '));
      }
    });

    it(`XH13 JSON of explain, and files called ${oneLine(JSON.stringify(text))} in the output of certificate`, async () => {
      const explained = await bouncer(['explain', `nginx:${text}`, '--output', 'json']);
      assert.deepEqual((JSON.parse(explained.stdout) as { input: string }).input, `nginx:${text}`);
      await using folder = await folderOf({});
      const files = folder.file(text);
      const created = await bouncer(['certificate', 'create', files, '--host-names', 'gate.example.com']);
      assert.equal(created.code, 0, created.stderr);
      const inspected = await bouncer(['certificate', 'inspect', files, '--output', 'json']);
      assert.equal(inspected.code, 0, inspected.stderr);
      for (const outcome of [explained, created, inspected]) assertHarmless(outcome);
    });

    it(`K01 explain ${oneLine(JSON.stringify(text))}`, async () => {
      for (const language of ['en', 'zh']) {
        const outcome = await bouncer(['explain', text, `nginx:${text}`, '--language', language]);
        assertHarmless(outcome);
        assert.match(outcome.stdout, /INVALID_REFERENCE/);
      }
    });
  }
});
