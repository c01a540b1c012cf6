import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer } from '#test/command-line.ts';

function deployment(...containers: readonly string[]): string {
  const items = containers.map((container) => `      - ${container}\n`).join('');
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n${items}`;
}

/** What check prints about a Deployment with these containers. The first is in line 8. */
async function printed(...containers: readonly string[]): Promise<string> {
  const { stdout } = await bouncer(['check'], { stdin: deployment(...containers) });
  return stdout;
}

describe('X12 a sentence names the mistake, the container and the line', () => {
  for (const image of ['', ', image: ""', ', image: null', ', image: ']) {
    it(`X12 a container that has no image: {name: b${image}}`, async () => {
      // Without the field, the place is that of the container.
      const place = image === '' ? 'stdin:9:9' : 'stdin:9:19';
      assert.equal(
        await printed('{name: a, image: "a:1"}', `{name: b${image}}`),
        `refused  ${place}  Deployment web\n         spec.template.spec.containers[1].image (container "b") is missing [MALFORMED_OBJECT]; name an image\n1 object, 0 images: 1 refused\n`,
      );
    });
  }

  for (const [image, value] of [
    ['1.20', '1.2'],
    ['20', '20'],
    ['true', 'true'],
  ] as const) {
    it(`X12 an image that YAML reads as ${value}`, async () => {
      assert.match(
        await printed(`{name: a, image: ${image}}`),
        new RegExp(
          String.raw`^refused {2}stdin:8:19 {2}Deployment web\n {9}spec\.template\.spec\.containers\[0\]\.image \(container "a"\) is ${value} and not text \[MALFORMED_OBJECT\]; name the image as text in quotes, with its repository\n`,
        ),
      );
    });
  }

  it('X12 text of spaces, and spaces at the ends of an image, are in quotes', async () => {
    assert.match(
      await printed('{name: a, image: " "}'),
      / {9}" " at spec\.\S+ \(container "a"\) is a placeholder/,
    );
    assert.match(await printed('{name: a, image: "nginx:1.19 "}'), / {9}"nginx:1\.19 " at spec\./);
    const volumes = `${deployment('{name: a, image: "a:1"}')}      volumes: [{name: v, image: {reference: ""}}]\n`;
    const { stdout } = await bouncer(['check'], { stdin: volumes });
    assert.match(stdout, / {9}"" at spec\.\S+ \(volume "v"\) is a placeholder/);
  });

  it('X12 two merge keys in one map', async () => {
    const stdin =
      'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &a {name: a}\n  - &b {image: b}\n  - <<: *a\n    <<: *b\n';
    const { stderr } = await bouncer(['check'], { stdin });
    assert.equal(
      stderr,
      'error: stdin:8:5: key "<<" occurs twice (write the maps in one list, as in <<: [*a, *b])\n',
    );
  });

  it('X12 a field that has another type is named with its line', async () => {
    const stdin = 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers: nginx\n';
    const { stdout } = await bouncer(['check'], { stdin });
    assert.match(stdout, /^refused {2}stdin:5:3 {2}Pod x\n {9}spec\.containers is not a list /);
  });
});
