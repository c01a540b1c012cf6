import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoopLag } from './loop-lag.ts';

describe('the lag of the event loop', () => {
  it('is 0 while the loop is on time, and grows from the moment of a missed tick', () => {
    let nowMs = 1000;
    using lag = new LoopLag(() => nowMs);
    assert.equal(lag.at(1000), 0);
    assert.equal(lag.at(1040), 0);
    assert.equal(lag.at(1250), 200);
    nowMs = 1030;
    lag.tick();
    assert.equal(lag.at(1070), 0);
  });

  it('applies to data that is read after a late tick, until the next one, because it may have waited', () => {
    let nowMs = 0;
    using lag = new LoopLag(() => nowMs);
    nowMs = 350;
    lag.tick();
    assert.equal(lag.at(350), 300);
    assert.equal(lag.at(500), 300 + 100);
    nowMs = 375;
    lag.tick();
    assert.equal(lag.at(375), 0);
  });
});

describe('the time at which an accepted connection may have been opened', () => {
  it('XH3 is now, unless the loop was late or each of its turns accepted a connection', () => {
    let [nowMs, turns] = [1000, 0];
    using lag = new LoopLag(
      () => nowMs,
      () => turns,
    );
    const tick = (ms: number, count: number): void => {
      nowMs += ms;
      turns += count;
      lag.tick();
    };
    tick(25, 5);
    assert.equal(lag.countAccepted(1030), 1030);
    tick(25, 5);
    assert.equal(lag.countAccepted(1060), 1060, 'four turns accepted none');
    // Three slow turns. Each accepts one connection, so more may wait.
    for (let turn = 0; turn < 3; turn += 1) {
      tick(400, 1);
      assert.equal(lag.countAccepted(nowMs), 1025 + 50);
    }
    for (let turn = 0; turn < 10; turn += 1) {
      tick(400, 1);
      lag.countAccepted(nowMs);
    }
    assert.equal(lag.countAccepted(nowMs), nowMs - 2000, 'no longer wait is assumed');
    tick(25, 3);
    assert.equal(lag.countAccepted(nowMs), nowMs);
  });
});
