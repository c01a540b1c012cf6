import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileOf, HOSTILE_NAMES, noteOf, objectOf, violationOf } from '#test/file-results.ts';
import {
  junitProblems,
  readWorkflowCommands,
  sarifProblems,
  sarifSchemaProblems,
  type SarifLog,
} from '#test/report-readers.ts';
import { quote } from '../image/quote.ts';
import { inEnglish } from '../language/catalogue.ts';
import { isFailing, type FailKind } from './failing.ts';
import { createOutput, OUTPUT_FORMATS, type OutputFormat } from './output-formats.ts';
import type { FileResult } from './result.ts';
import { Tally } from './totals.ts';

/** The whole text of an output. */
function render(
  format: OutputFormat,
  files: readonly FileResult[],
  failOn: readonly FailKind[] = [],
): string {
  const output = createOutput(format, {
    say: inEnglish,
    version: '1.2.3',
    isFailing: (violation) => isFailing(violation, failOn),
  });
  const tally = new Tally();
  const texts = files.map((file) => {
    tally.add(file);
    return output.ofFile(file);
  });
  return texts.join('') + output.atEnd(tally.totals);
}

function sarifOf(files: readonly FileResult[]): SarifLog {
  return JSON.parse(render('sarif', files)) as SarifLog;
}

/** Everything that a file may have, under this name. */
function everythingCalled(name: string): FileResult {
  const file = `folder/${name}.yaml`;
  const use = { location: undefined, usage: undefined, container: name, image: name };
  return fileOf(file, {
    objects: [
      objectOf(file, {
        name,
        namespace: name,
        title: `Pod ${quote(name)}`,
        violations: [
          violationOf(file, { rule: name, use }),
          violationOf(file, { actions: ['Warn'], use }),
          violationOf(file, { actions: ['Audit'], use, rule: undefined, code: 'INVALID_REFERENCE' }),
        ],
        notes: [noteOf(file)],
      }),
      objectOf(file, { violations: [], failure: { code: 'INTERNAL', reason: noteOf(file).text } }),
    ],
    notes: [noteOf(file)],
    unread: [
      {
        file,
        region: { line: 9, column: 1, endLine: 9, endColumn: 2 },
        code: 'DOCUMENT_SYNTAX',
        sentence: `"${name}" is not closed`,
      },
    ],
  });
}

const HOSTILE = HOSTILE_NAMES.map(everythingCalled);

describe('SARIF', () => {
  it('I6 conforms to the published schema, and to the rules that the schema does not check', () => {
    for (const files of [[], [fileOf('a.yaml')], HOSTILE]) {
      const log = sarifOf(files);
      assert.deepEqual(sarifSchemaProblems(log), []);
      assert.deepEqual(sarifProblems(log), []);
    }
  });

  it('I6 the schema accepts a ruleIndex out of range or of another rule, and our own rules refuse it', () => {
    const log = sarifOf([everythingCalled('a')]);
    for (const ruleIndex of [1, 99]) {
      const text = JSON.stringify(log).replaceAll(/"ruleIndex":\d+/g, `"ruleIndex":${ruleIndex}`);
      const wrong = JSON.parse(text) as SarifLog;
      assert.deepEqual(sarifSchemaProblems(wrong), []);
      assert.match(sarifProblems(wrong).join(), /is not rule/);
    }
    assert.match(sarifSchemaProblems({ ...log, version: '2.0.0' }).join(), /version/);
  });

  it('I6 encodes blanks, #, %, :, ? and \\ in the URI of a file', () => {
    for (const [file, uri] of [
      ['deploy/web.yaml', 'deploy/web.yaml'],
      ['a b/c#d%e:f?g.yaml', 'a%20b/c%23d%25e%3Af%3Fg.yaml'],
      ['mailto:a\\b.yaml', 'mailto%3Aa%5Cb.yaml'],
      ['/srv/ä/web.yaml', 'file:///srv/%C3%A4/web.yaml'],
      ['../x.yaml', '../x.yaml'],
    ] as const) {
      const [result] = sarifOf([fileOf(file)]).runs[0].results;
      assert.equal(result?.locations[0]?.physicalLocation.artifactLocation.uri, uri);
    }
  });

  it('has a level for each action, and the same fingerprint on another line', () => {
    const levels = sarifOf([everythingCalled('a')]).runs[0].results.map(({ level }) => level);
    assert.deepEqual(levels, ['none', 'error', 'warning', 'note', 'none', 'error']);
    const fingerprint = (line: number, image: string): unknown => {
      const use = { location: undefined, usage: undefined, container: 'web', image };
      const place = { file: 'a.yaml', line, column: 1, endLine: line, endColumn: 2 };
      const file = fileOf('a.yaml', {
        objects: [objectOf('a.yaml', { violations: [violationOf('a.yaml', { place, use })] })],
      });
      const [result] = sarifOf([file]).runs[0].results;
      return (result as { partialFingerprints?: unknown } | undefined)?.partialFingerprints;
    };
    assert.deepEqual(fingerprint(3, 'nginx'), fingerprint(70, 'nginx'));
    assert.notDeepEqual(fingerprint(3, 'nginx'), fingerprint(3, 'busybox'));
  });

  it('a file that cannot be read makes the run unsuccessful', () => {
    assert.equal(sarifOf([fileOf('a.yaml')]).runs[0].invocations[0].executionSuccessful, true);
    assert.equal(sarifOf([everythingCalled('a')]).runs[0].invocations[0].executionSuccessful, false);
  });
});

describe('JUnit', () => {
  it('conforms to the schema of the xUnit plugin of Jenkins', async () => {
    for (const files of [[], [fileOf('a.yaml')], HOSTILE])
      assert.deepEqual(await junitProblems(render('junit', files)), []);
  });

  it('is refused by that schema without a required attribute', async () => {
    const report = render('junit', [fileOf('a.yaml')]).replace(' errors="0"', '');
    assert.match((await junitProblems(report)).join(), /'errors' is required/);
  });

  it('counts failures by what fails the command', () => {
    const warned = fileOf('a.yaml', {
      objects: [objectOf('a.yaml', { violations: [violationOf('a.yaml', { actions: ['Warn'] })] })],
    });
    assert.match(render('junit', [warned]), /failures="0".*<system-out>warned: a\.yaml:3:5: /s);
    assert.match(render('junit', [warned], ['warn']), /failures="1".*<failure type="DISALLOWED_TAG" /s);
  });
});

describe('GitHub', () => {
  it('annotates the place of a violation', () => {
    const [first] = readWorkflowCommands(render('github', [fileOf('a, b: 100%.yaml')]));
    assert.deepEqual(first, {
      command: 'error',
      properties: {
        file: 'a, b: 100%.yaml',
        line: '3',
        endLine: '3',
        col: '5',
        endColumn: '17',
        title: 'Pod web',
      },
      data: 'nginx at spec.containers[0].image (container "web"): no tag means tag "latest", which is not allowed [rule no-latest]; name a fixed version or a digest',
    });
  });

  it('has ten annotations of each level, and the last one counts the others', () => {
    for (const [count, last] of [
      [10, /^nginx at/],
      [11, /^and 2 more: see the log of this step$/],
      [40, /^and 31 more/],
    ] as const) {
      const files = Array.from({ length: count }, (_, index) => fileOf(`${index}.yaml`));
      const log = render('github', files);
      const commands = readWorkflowCommands(log);
      assert.equal(commands.length, 10);
      assert.match(commands.at(-1)?.data ?? '', last);
      assert.equal(log.match(/^refused /gm)?.length, count, 'the log has all of them');
    }
  });

  it('a hostile name adds no command and changes no property', () => {
    for (const [index, name] of HOSTILE_NAMES.entries()) {
      const commands = readWorkflowCommands(render('github', HOSTILE.slice(index, index + 1)));
      assert.deepEqual(
        commands.map(({ command }) => command).toSorted(),
        ['error', 'error', 'error', 'notice', 'notice', 'notice', 'warning'],
        name,
      );
      assert.ok(commands.every(({ properties }) => properties['file']?.startsWith('folder/')));
    }
  });
});

describe('every output', () => {
  for (const format of OUTPUT_FORMATS) {
    it(`K01 ${format}: a hostile name is inert in a log`, () => {
      for (const file of HOSTILE) {
        const text = render(format, [file]);
        for (const line of text.split('\n')) assert.doesNotMatch(line, UNFIT);
        if (format !== 'github') assert.deepEqual(readWorkflowCommands(text), []);
        assert.doesNotMatch(text, /##(vso|teamcity)?\[/);
      }
    });
  }

  it('JSON and NDJSON keep hostile names as they are', () => {
    for (const [index, name] of HOSTILE_NAMES.entries()) {
      const files = HOSTILE.slice(index, index + 1);
      const { objects } = JSON.parse(render('json', files)) as { objects: readonly { file: string }[] };
      assert.equal(objects[0]?.file, `folder/${name}.yaml`);
      const [line = ''] = render('ndjson', files).split('\n');
      assert.equal((JSON.parse(line) as { file: string }).file, `folder/${name}.yaml`);
    }
  });

  it('NDJSON has a line for each object, note and unread file, and a summary at the end', () => {
    const lines = render('ndjson', [everythingCalled('a'), fileOf('b.yaml')])
      .trimEnd()
      .split('\n');
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    assert.deepEqual(types, ['object', 'object', 'note', 'unread', 'object', 'summary']);
    assert.deepEqual(JSON.parse(lines.at(-1) ?? ''), {
      type: 'summary',
      files: 2,
      objects: 3,
      images: 3,
      refused: 3,
      warnings: 1,
      accepted: 0,
      notUnderstood: 0,
      unread: 1,
    });
  });
});

const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}[\p{Cf}--[\u200c\u200d]]]/v;
