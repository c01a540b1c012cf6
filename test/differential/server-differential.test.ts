import assert from 'node:assert/strict';
import test from 'node:test';
import { createRandom, seedOfCase } from '../fuzz/random.ts';
import { compareServer, examineServer } from './server-comparison.ts';
import { serverDifferential } from './server-differential.ts';
import { plausibleServer, type ServerInput } from './server-files.ts';
import type { ServerAnswer } from './server-readers.ts';

const STARTS: ServerAnswer = {
  problem: '',
  plugins: ['NodeRestriction', 'ImagePolicyWebhook'],
  settings: null,
  server: '',
  authority: '',
  clientCertificate: '',
  clientKey: '',
  staticFolder: '',
};

const NO_FILES: ServerInput = {
  files: {},
  flags: [
    '--enable-admission-plugins=NodeRestriction,ImagePolicyWebhook',
    '--admission-control-config-file=${FOLDER}/admission.yaml',
  ],
};

test('X02 an API server that starts although doctor says that it does not is a difference, and the other way round', async () => {
  const examined = await examineServer(NO_FILES);
  assert.equal(
    compareServer(examined, { ...STARTS, problem: 'no such file' }),
    'ADMISSION_CONFIGURATION_MISSING',
  );
  assert.throws(
    () => compareServer(examined, STARTS),
    /the API server starts, and doctor reports ADMISSION_CONFIGURATION_MISSING/,
  );
  const off = await examineServer({ ...NO_FILES, flags: ['--enable-admission-plugins=NodeRestriction'] });
  assert.equal(compareServer(off, { ...STARTS, plugins: ['NodeRestriction'] }), 'starts without the plugin');
  assert.throws(() => compareServer(off, { ...STARTS, problem: 'why' }), /doctor has no such finding: why/);
});

test('X02 a run ends with the first difference, and reports the number that repeats it', async () => {
  const refuseAll = (inputs: readonly ServerInput[]): readonly ServerAnswer[] =>
    inputs.map(() => ({ ...STARTS, problem: 'refused' }));
  const { find } = await serverDifferential({ seed: 7, from: 10, cases: 100 }, refuseAll);
  assert.ok(find !== undefined);
  assert.equal(find.input, JSON.stringify(plausibleServer(createRandom(seedOfCase(7, find.index)))));
  const again = await serverDifferential({ seed: 7, from: find.index, cases: 1 }, refuseAll);
  assert.equal(again.find?.input, find.input);
});
