import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoopLag } from './loop-lag.ts';

describe('the lag of the event loop', () => {
  it('is nothing while the loop keeps time, and grows from the moment at which it should have come round', () => {
    let nowMs = 1000;
    using lag = new LoopLag(() => nowMs);
    assert.equal(lag.at(1000), 0);
    assert.equal(lag.at(1040), 0);
    assert.equal(lag.at(1250), 200);
    nowMs = 1030;
    lag.tick();
    assert.equal(lag.at(1070), 0);
  });

  it('counts for what is read behind a late tick, until the next one: it may have come while nobody looked', () => {
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
