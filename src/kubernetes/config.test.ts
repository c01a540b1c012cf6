import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCluster } from './config.ts';

const KUBECONFIG = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    { name: 'one', cluster: { server: 'https://127.0.0.1:1' } },
    { name: 'odd', cluster: { server: 'nowhere' } },
  ],
  users: [{ name: 'me', user: { token: 'canary-token' } }],
  contexts: [
    { name: 'one', context: { cluster: 'one', user: 'me' } },
    { name: 'odd', context: { cluster: 'odd', user: 'me' } },
    { name: 'gone', context: { cluster: 'gone', user: 'me' } },
  ],
  'current-context': 'one',
};

describe('a kubeconfig', { timeout: 20_000 }, () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    file = join(folder, 'config');
    await writeFile(file, JSON.stringify(KUBECONFIG));
  });
  after(() => rm(folder, { recursive: true }));

  it('selects the cluster of its current context, or of the given one', async () => {
    assert.equal((await openCluster({ kubeconfig: file })).server, 'https://127.0.0.1:1');
    await assert.rejects(openCluster({ kubeconfig: file, context: 'odd' }), {
      code: 'KUBECONFIG_INVALID',
      message: `the kubeconfig's server "nowhere" is no URL`,
    });
  });

  it('is refused with a sentence if it is missing, broken, or without a cluster', async () => {
    const broken = join(folder, 'broken');
    await writeFile(broken, '{');
    for (const choice of [
      { kubeconfig: join(folder, 'none') },
      { kubeconfig: broken },
      { kubeconfig: file, context: 'gone' },
      { kubeconfig: file, context: 'unheard-of' },
    ]) {
      await assert.rejects(openCluster(choice), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'KUBECONFIG_INVALID');
        return !error.message.includes('canary-token');
      });
    }
  });

  it('is never quoted, nor is the output of a plugin, if it cannot be read', async () => {
    const torn = join(folder, 'torn');
    await writeFile(torn, 'users:\n- user:\n    token: canary-token\n   bad\n');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', command: 'echo' };
    const user = { exec: { ...exec, args: ['x canary-token'] } };
    const plugin = join(folder, 'plugin');
    await writeFile(plugin, JSON.stringify({ ...KUBECONFIG, users: [{ name: 'me', user }] }));
    const ask = async (kubeconfig: string): Promise<unknown> => (await openCluster({ kubeconfig })).version();
    for (const kubeconfig of [torn, plugin]) {
      await assert.rejects(ask(kubeconfig), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'KUBECONFIG_INVALID');
        assert.doesNotMatch(error.message, /canary-token|\n/);
        return true;
      });
    }
  });

  it('XH6 is not quoted if a key or a token is in its place', async () => {
    const secret = 'c2VjcmV0LW9mLWEtdGVzdA'.repeat(4);
    const wrong = join(folder, 'wrong');
    for (const text of [
      secret,
      `-----BEGIN TEST-----\n${secret}\n-----END TEST-----\n`,
      `key: *${secret}\n`,
      `key: !${secret} 1\n`,
      `${secret}: 1\n${secret}: 2\n`,
      `key: "${secret}\n`,
      `apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: ${secret}}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\ncurrent-context: a\n`,
      `apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\ncurrent-context: ${secret}\n`,
    ]) {
      await writeFile(wrong, text);
      await assert.rejects(openCluster({ kubeconfig: wrong }), (error: Error) => {
        assert.equal(
          error.message.includes(secret.slice(0, text.startsWith('api') ? 65 : 8)),
          false,
          error.message,
        );
        return true;
      });
    }
  });

  it('of a server that does not answer fails at the first request', async () => {
    const client = await openCluster({ kubeconfig: file });
    await assert.rejects(client.version(), { code: 'CLUSTER_UNREACHABLE' });
  });

  it('ends a plugin with the signal of its caller', async () => {
    const [plugin, said] = [join(folder, 'hung'), join(folder, 'pid')];
    const args = ['-c', `echo $$ > ${said}; exec sleep 600`];
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      interactiveMode: 'Never',
      command: 'sh',
      args,
    };
    await writeFile(plugin, JSON.stringify({ ...KUBECONFIG, users: [{ name: 'me', user: { exec } }] }));
    const client = await openCluster({ kubeconfig: plugin });
    const waiting = new AbortController();
    const asked = client.send({ method: 'GET', path: '/version', signal: waiting.signal });
    let pid = '';
    while (!pid.endsWith('\n')) {
      await sleep(5);
      pid = await readFile(said, 'utf8').catch(() => '');
    }
    waiting.abort();
    await assert.rejects(asked, { code: 'KUBECONFIG_INVALID' });
    assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
  });
});
