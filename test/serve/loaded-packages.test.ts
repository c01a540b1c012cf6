import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askImages } from './ask.ts';
import { certificates } from './certificates.ts';
import { startServe } from './gate-process.ts';

/** Writes each imported package to stderr. */
const TELL_PACKAGES = `
  import { writeSync } from 'node:fs';
  import { isBuiltin, registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (/^[@a-z]/.test(specifier) && !/^[a-z]+:/.test(specifier) && !isBuiltin(specifier)) {
        const ours = !String(context.parentURL).includes('/node_modules/');
        writeSync(2, (ours ? 'OURS ' : 'THEIRS ') + specifier + '\\n');
      }
      return next(specifier, context);
    },
  });
`;

/** Packages that a gate has loaded after an answer: direct and indirect dependencies. */
async function packagesOf(args: readonly string[]): Promise<{ ours: string[]; theirs: string[] }> {
  await using gate = await startServe(args, { preload: TELL_PACKAGES });
  const { authority: ca } = await certificates;
  await askImages(gate, ['nginx:1.27.3'], { ca });
  const named = (whose: string) => {
    const found = gate.stderr().matchAll(new RegExp(String.raw`^${whose} ((?:@[^/\n]+/)?[^/\n]+)`, 'gm'));
    return [...new Set(Array.from(found, ([, name = '']) => name))].toSorted();
  };
  return { ours: named('OURS'), theirs: named('THEIRS') };
}

async function policyWith(check: string): Promise<string> {
  const text = `
apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: p}
spec: {unmatchedImages: Allow, rules: [{name: r, ${check}}]}
`;
  return (await certificates).write(`${check.replaceAll(/\W/g, '')}.yaml`, text);
}

const ALWAYS = ['commander', 'prom-client', 'zod'];

/** Dependencies of these three packages. */
const THEIR_OWN = ['@opentelemetry/api', 'bintrees', 'tdigest'];

describe('serve loads the packages that it uses', { concurrency: 4 }, () => {
  it('with a certificate from files and the built-in policy: no YAML, X.509, RE2 or semver', async () => {
    const { certificateFile, keyFile } = await certificates;
    const { ours, theirs } = await packagesOf(['-c', certificateFile, '-k', keyFile]);
    assert.deepEqual(ours, ALWAYS);
    assert.deepEqual(theirs, THEIR_OWN);
  });

  it('with a policy: semver, RE2 or the list of public domains for a rule that needs it; YAML is loaded only by the thread that reads the file', async () => {
    const [domains, versions, patterns] = await Promise.all([
      packagesOf([`--policy=${await policyWith('allowedImages: {images: ["*.example.com/**"]}')}`]),
      packagesOf([`--policy=${await policyWith('allowedTags: {semver: ">=1.0.0"}')}`]),
      packagesOf([`--policy=${await policyWith('allowedTags: {pattern: "v[0-9]+"}')}`]),
    ]);
    assert.deepEqual(domains.ours, [...ALWAYS, 'tldts'].toSorted());
    assert.deepEqual(versions.ours, [...ALWAYS, 'semver'].toSorted());
    assert.deepEqual(patterns.ours, [...ALWAYS, 're2js'].toSorted());
  });
});
