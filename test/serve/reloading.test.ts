import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTemporaryFolder, type TemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { MAX_POLICY_BYTES } from '../../src/policy-source/policy-file.ts';
import { askImages, look, metricOf } from './ask.ts';
import { startServe, type GateProcess } from './gate-process.ts';

const IMAGE = 'quay.io/acme/app:1.0';

/** A policy that admits or refuses the images of `quay.io`. */
function policy(name: string, verdict: 'Allow' | 'Deny', more = ''): string {
  return [
    'apiVersion: kube-image-bouncer.io/v1alpha1',
    'kind: ImageAdmissionPolicy',
    `metadata: {name: ${name}}`,
    'spec:',
    `  unmatchedImages: Allow`,
    `  rules: [{name: r, ${verdict === 'Allow' ? 'allowedImages' : 'disallowedImages'}: {images: ["quay.io/**"]}}]`,
    more,
  ].join('\n');
}

const isAllowed = async (gate: GateProcess): Promise<boolean> => (await askImages(gate, [IMAGE])).allowed;

/** The next log line about the file. */
async function next(gate: GateProcess, message: string, change: () => Promise<void>): Promise<unknown> {
  const count = gate.lines().length;
  await change();
  const line = await gate.lineAfter(count, message);
  return line['policy'] ?? line['problem'];
}

/** A folder in which the policy is a link to a file elsewhere, so that no watch reports changes of that file. */
async function hiddenPolicy(folder: TemporaryFolder): Promise<{ link: string; target: string }> {
  const [link, target] = [join(folder.path, 'policy.yaml'), join(folder.path, 'elsewhere', 'policy.yaml')];
  await mkdir(join(folder.path, 'elsewhere'));
  await writeFile(target, policy('first', 'Allow'));
  await symlink(target, link);
  return { link, target };
}

describe('a policy that changes while the gate runs', { concurrency: 4 }, () => {
  it('SIGHUP reloads the policy', async () => {
    await using folder = await makeTemporaryFolder('policy');
    const { link, target } = await hiddenPolicy(folder);
    await using gate = await startServe([`--policy=${link}`]);
    assert.equal(await isAllowed(gate), true);
    await next(gate, 'policy loaded', async () => {
      await writeFile(target, policy('second', 'Deny'));
      gate.kill('SIGHUP');
    });
    assert.equal(await isAllowed(gate), false);
    // The line of a decision is logged slightly later, so it may be anywhere.
    const messages = gate.lines().flatMap(({ msg }) => (msg === 'decision' ? [] : [msg]));
    assert.deepEqual(messages.slice(-2), ['reload requested', 'policy loaded']);
  });

  it('the built-in policy counts as loaded, and SIGHUP changes nothing', async () => {
    await using gate = await startServe([]);
    assert.equal(await metricOf(gate, 'policy_last_reload_success'), 1);
    assert.match((await look(gate, '/readyz')).body, /^\[\+\]policy ok$/m);
    gate.kill('SIGHUP');
    await gate.line('reload requested');
    assert.equal((await askImages(gate, ['nginx'])).allowed, false);
  });

  it('a change of the file is loaded without a signal', async () => {
    await using folder = await makeTemporaryFolder('policy');
    const file = join(folder.path, 'policy.yaml');
    await writeFile(file, policy('first', 'Allow'));
    await using gate = await startServe([`--policy=${file}`]);
    assert.equal(await isAllowed(gate), true);
    const loaded = await next(gate, 'policy loaded', () => writeFile(file, policy('second', 'Deny')));
    assert.equal((loaded as { name: string }).name, 'second');
    assert.equal(await isAllowed(gate), false);
    const { body } = await look(gate, '/metrics');
    assert.match(body, /^kube_image_bouncer_policy_info\{name="second",revision="[0-9a-f]{12}"\} 1$/m);
    assert.doesNotMatch(body, /name="first"/);
  });

  it('a ConfigMap is reloaded when its ..data link changes', async () => {
    await using folder = await makeTemporaryFolder('policy');
    const at = (...parts: string[]) => join(folder.path, ...parts);
    const publish = async (version: string, text: string): Promise<void> => {
      await mkdir(at(version));
      await writeFile(at(version, 'policy.yaml'), text);
      await symlink(version, at('..data_tmp'));
      await rename(at('..data_tmp'), at('..data'));
    };
    await publish('..2026_01_01', policy('first', 'Allow'));
    await symlink(join('..data', 'policy.yaml'), at('policy.yaml'));
    await using gate = await startServe([`--policy=${at('policy.yaml')}`]);
    assert.equal(await isAllowed(gate), true);
    await next(gate, 'policy loaded', () => publish('..2026_01_02', policy('second', 'Deny')));
    assert.equal(await isAllowed(gate), false);
  });

  it('XH8 the warnings about a policy are logged with file, line and column', async () => {
    await using folder = await makeTemporaryFolder('policy');
    const { link, target } = await hiddenPolicy(folder);
    await using gate = await startServe([`--policy=${link}`]);
    const text = policy('second', 'Allow').replace('{name: r,', '{name: r, exclude: {users: ["system:*"]},');
    const logged = await next(gate, 'policy warning', () => writeFile(target, text));
    assert.match(String(logged), /^EXCLUDES_CONTROLLERS: .*policy\.yaml:6:\d+: spec\.rules\[0\]/);
  });

  it('a policy that cannot be loaded changes nothing, and log, metric and /readyz report it until it is repaired', async () => {
    await using folder = await makeTemporaryFolder('policy');
    const { link, target } = await hiddenPolicy(folder);
    await using gate = await startServe([`--policy=${link}`]);
    assert.equal(await metricOf(gate, 'policy_last_reload_success'), 1);
    const broken: readonly (readonly [content: string, problem: RegExp])[] = [
      ['{{', /policy\.yaml:\d+:\d+: /],
      [policy('second', 'Deny', '  colour: red'), /policy\.yaml:7:3: spec\.colour: /],
      ['', /policy\.yaml:1:1: the policy is empty/],
      ['#'.repeat(MAX_POLICY_BYTES + 1), /the policy has more than 1048576 bytes/],
    ];
    for (const [content, problem] of broken) {
      const logged = await next(gate, 'policy not loaded; the last good one stays active', async () => {
        await writeFile(target, content);
        gate.kill('SIGHUP');
      });
      assert.match(String(logged), problem);
      assert.equal(await isAllowed(gate), true, content.slice(0, 20));
      assert.equal(await metricOf(gate, 'policy_last_reload_success'), 0);
      const { status, body } = await look(gate, '/readyz');
      assert.equal(status, 200);
      assert.match(body, /^\[\+\]policy ok: the last good policy stays active: .*policy\.yaml/m);
    }
    await next(gate, 'policy not loaded; the last good one stays active', async () => {
      await rm(target);
      gate.kill('SIGHUP');
    });
    assert.equal(await isAllowed(gate), true, 'deleted');
    await next(gate, 'policy loaded', async () => {
      await writeFile(target, policy('third', 'Deny'));
      gate.kill('SIGHUP');
    });
    assert.equal(await isAllowed(gate), false);
    assert.equal(await metricOf(gate, 'policy_last_reload_success'), 1);
    assert.match((await look(gate, '/readyz')).body, /^\[\+\]policy ok$/m);
  });

  it('XH5 with a broken policy at the start the gate refuses every review, /readyz has code and place, and the corrected file is loaded', async () => {
    await using folder = await makeTemporaryFolder('policy');
    const file = join(folder.path, 'policy.yaml');
    await writeFile(file, `${policy('first', 'Allow')}\n  colour: red\n`);
    await using gate = await startServe([`--policy=${file}`]);
    const { problem, code, level } = await gate.line('policy not loaded; every review is refused');
    assert.deepEqual([level, code], ['error', 'POLICY_INVALID']);
    assert.match(String(problem), /policy\.yaml:8:3: spec\.colour: /);
    const { status, body } = await look(gate, '/readyz');
    assert.equal(status, 503);
    assert.match(
      body,
      new RegExp(`^\\[-\\]policy failed: no policy is loaded: POLICY_INVALID at ${file}:8:3$`, 'm'),
    );
    assert.equal((await look(gate, '/livez')).status, 200);
    assert.equal(await isAllowed(gate), false);
    assert.equal(await metricOf(gate, 'policy_last_reload_success'), 0);
    await next(gate, 'policy loaded', () => writeFile(file, policy('second', 'Allow')));
    assert.equal(await isAllowed(gate), true);
    assert.equal((await look(gate, '/readyz')).status, 200);
  });

  it('XH6 /readyz quotes nothing of a file that is no policy', async () => {
    await using folder = await makeTemporaryFolder('policy');
    const file = join(folder.path, 'policy.yaml');
    await writeFile(file, 'not-a-real-token-0123456789abcdef');
    await using gate = await startServe([`--policy=${file}`]);
    const { body } = await look(gate, '/readyz');
    assert.match(body, /no policy is loaded: POLICY_INVALID at .*policy\.yaml:1:1$/m);
    assert.doesNotMatch(body + JSON.stringify(gate.lines()) + gate.stderr(), /not-a-real-token/);
  });
});
