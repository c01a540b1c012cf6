import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { askImages, look } from './ask.ts';
import { startServe } from './gate-process.ts';

const GOOD = 'nginx:1.27.3';
const STRANGERS = 150;

async function connectStranger(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  return socket.resume();
}

describe('a gate with few file descriptors', () => {
  it('R17 answers health checks while other clients use all descriptors, reports it, and recovers when they disconnect', async () => {
    await using gate = await startServe([], { descriptors: 64 });
    const strangers = await Promise.all(Array.from({ length: STRANGERS }, () => connectStranger(gate.port)));
    assert.equal((await look(gate, '/livez')).status, 200);
    assert.equal((await look(gate, '/metrics')).status, 200);
    // The gate closes the connections that were idle longest.
    assert.equal((await askImages(gate, [GOOD])).allowed, true);
    while (strangers.filter(({ destroyed }) => !destroyed).length > 30) await delay(10);
    for (const stranger of strangers) stranger.destroy();
    assert.equal((await askImages(gate, ['nginx'])).allowed, false);
    assert.equal((await look(gate, '/readyz')).status, 200);
    const { level, connections } = await gate.line('fewer file descriptors than --max-connections needs');
    assert.deepEqual([level, connections], ['warn', 24]);
    gate.kill('SIGTERM');
    assert.equal(await gate.ended, 0);
  });
});
