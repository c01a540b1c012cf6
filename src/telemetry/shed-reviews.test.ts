import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createMetrics } from './metrics.ts';
import { shedReviews } from './shed-reviews.ts';

describe('reviews that are shed', () => {
  it('are all counted, and logged at most once a second', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const lines: unknown[] = [];
      const metrics = createMetrics();
      const shed = shedReviews(
        { write: (level, message, fields) => lines.push([level, message, fields?.['reviews']]) },
        metrics,
      );
      for (let count = 0; count < 1000; count += 1) shed('ImageReview', 'queue');
      for (let count = 0; count < 500; count += 1) shed('AdmissionReview', 'deadline');
      const line = (reviews: object) => ['warn', 'reviews refused without a decision', reviews];
      assert.deepEqual(lines, [line({ queue: 1 })], 'the first at once');
      mock.timers.tick(1000);
      assert.deepEqual(lines.slice(1), [line({ queue: 999, deadline: 500 })]);
      mock.timers.tick(5000);
      assert.equal(lines.length, 2);
      shed('AdmissionReview', 'failure');
      assert.deepEqual(lines[2], line({ failure: 1 }));
      const text = await metrics.render();
      for (const expected of [
        'shed_reviews_total{protocol="ImageReview",reason="queue"} 1000',
        'shed_reviews_total{protocol="AdmissionReview",reason="deadline"} 500',
        'shed_reviews_total{protocol="AdmissionReview",reason="wait"} 0',
        'failures_total{code="OVERLOADED"} 1000',
        'failures_total{code="DEADLINE"} 500',
        'failures_total{code="INTERNAL"} 1',
      ])
        assert.ok(text.includes(`kube_image_bouncer_${expected}\n`), expected);
    } finally {
      mock.timers.reset();
    }
  });
});
