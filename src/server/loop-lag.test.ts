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
