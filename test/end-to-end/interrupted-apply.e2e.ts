import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe } from 'node:test';
import { newestKubernetes } from '../control-plane/binaries.ts';
import { program } from '../serve/gate-process.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/free-ports.ts';
import { startNode } from './support/node.ts';
import { image } from './support/node-wiring.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted } from './support/stage.ts';

describe('XH2 bootstrap image-policy --apply that is interrupted', () => {
  const node = shared(() => startNode({ environment: process.env, version: newestKubernetes }));

  for (const signal of ['SIGINT', 'SIGHUP'] as const)
    scenario(
      `${signal} while the API server restarts: every file is restored, and the API server runs`,
      async () => {
        const before = await node().tree();
        const child = spawn(
          process.execPath,
          [
            program,
            'bootstrap',
            'image-policy',
            '--apply',
            image,
            `--folder=${node().folder}`,
            `--manifest=${node().manifest}`,
            `--unit=${join(node().kubernetes, 'gate.service')}`,
            `--port=${await freePort()}`,
            `--health-port=${await freePort()}`,
          ],
          { stdio: ['ignore', 'ignore', 'pipe'] },
        );
        let output = '';
        let isSent = false;
        child.stderr.on('data', (chunk: Buffer) => {
          output += String(chunk);
          if (isSent || !/^waiting until the API server is ready again$/m.test(output)) return;
          isSent = true;
          child.kill(signal);
        });
        const [code] = (await once(child, 'close')) as [number | null];
        assert.equal(code, 2, output);
        assert.match(output, /^restored: every file that this run changed$/m);
        assert.match(output, new RegExp(`^error: ${signal} interrupted this command`, 'm'));
        assert.deepEqual(await node().tree(), before);
        await eventually('the API server runs without the gate', async () => {
          const { code: refused } = await node().kubectl('run', 'web', '--image=nginx');
          return refused === 0 ? true : undefined;
        });
        assertAdmitted(await node().kubectl('delete', 'pod', 'web', '--now'));
      },
    );
});
