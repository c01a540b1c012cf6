import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { parseApiServerManifest } from '../control-plane/api-server-manifest.ts';
import { addressOfApiServer, awaitRestart, type Waiting } from './node-probes.ts';

/** Time that passes only while the code under test waits. */
function waitingFor(timeoutMs: number): Waiting & { readonly total: () => number } {
  let now = 0;
  let total = 0;
  return {
    sleep: async (ms) => {
      now += ms;
    },
    elapsed: () => now,
    waited: (ms) => {
      total += ms;
    },
    timeoutMs,
    total: () => total,
  };
}

/** An API server with these answers: `+` ready, `-` not ready. The last answer is repeated. */
function server(answers: string): () => Promise<boolean> {
  let at = 0;
  return async () => answers[Math.min(at++, answers.length - 1)] === '+';
}

describe('an API server is ready again', () => {
  const table: Readonly<Record<string, readonly [answers: string, isStopped: boolean, isBack: boolean]>> = {
    'after it has gone and come': ['++--+', false, true],
    'not while the old one still answers': ['+', false, false],
    'when it had gone before and has come': ['+', true, true],
    'not when it falls over again and again': ['-++++-++++-', false, false],
    'not when it never comes': ['+-', false, false],
  };
  for (const [title, [answers, isStopped, isBack]] of Object.entries(table)) {
    it(title, async () =>
      assert.equal(await awaitRestart(server(answers), { isStopped }, waitingFor(5_000)), isBack),
    );
  }

  it('and the waiting time is reported', async () => {
    const waiting = waitingFor(5_000);
    await awaitRestart(server('+--+'), { isStopped: false }, waiting);
    assert.equal(waiting.total(), 700);
  });
});

test('the address of an API server comes from its manifest', () => {
  const table: Readonly<Record<string, string>> = {
    '--a=b': 'https://127.0.0.1:6443/',
    '--secure-port=443': 'https://127.0.0.1/',
    '--bind-address=10.0.0.1': 'https://10.0.0.1:6443/',
    '--bind-address=0.0.0.0': 'https://127.0.0.1:6443/',
    '--bind-address=fd00::1': 'https://[fd00::1]:6443/',
  };
  for (const [flag, url] of Object.entries(table)) {
    const text = `kind: Pod\nspec: {containers: [{name: kube-apiserver, command: [kube-apiserver, "${flag}"]}]}\n`;
    assert.equal(addressOfApiServer(parseApiServerManifest(text, 'm.yaml')).href, url);
  }
});
