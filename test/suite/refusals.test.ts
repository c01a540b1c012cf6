import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readRefusal } from '../../src/wiring/refusal.ts';
import { root } from '../architecture/sources.ts';
import { REFUSAL_CASES } from './refusal-cases.ts';
import { doctorConcludes, recoverConcludes, REFUSAL_PAGE, renderRefusalPage } from './refusal-page.ts';

describe('a refusal of the API server', () => {
  for (const one of REFUSAL_CASES) {
    it(`${one.outcome}: ${one.when}: ${one.message.slice(0, 100)}`, async () => {
      const refusal = readRefusal(one.status, one.message);
      assert.equal(refusal.outcome, one.outcome);
      assert.equal(refusal.message, one.message || `HTTP status ${one.status}`);
      assert.equal('by' in refusal ? whoIs(refusal.by) : '-', one.who);
      assert.equal(
        `${await doctorConcludes(one)} / ${await recoverConcludes(one)}`,
        conclusionsOf(one.outcome, one.who),
      );
    });
  }

  it('is listed in the page with both conclusions', async () =>
    assert.equal(
      readFileSync(join(root, REFUSAL_PAGE), 'utf8'),
      await renderRefusalPage(),
      'npx node scripts/refusals.ts writes the page; review the difference',
    ));
});

function whoIs({ plugin, name }: { readonly plugin: string; readonly name: string }): string {
  return plugin === 'webhook' ? `webhook ${name}` : name;
}

/**
 * Both commands draw the same conclusion from all sentences of one outcome. Only doctor distinguishes our webhooks
 * from others.
 */
function conclusionsOf(outcome: (typeof REFUSAL_CASES)[number]['outcome'], who: string): string {
  const isGate = who === 'ImagePolicyWebhook' || who.endsWith('.kube-image-bouncer.io');
  switch (outcome) {
    case 'refused':
      return `${isGate ? 'enforcing' : 'CANARY_UNDECIDED'} / LOCKED: ${who} refuses app:1`;
    case 'unreachable':
      return `${isGate ? 'GATE_UNREACHABLE' : 'CANARY_UNDECIDED'} / LOCKED: ${who}: the gate does not answer`;
    case 'no-dry-run':
      return `CANARY_UNDECIDED / not known: ${who} is not called in a dry run`;
    case 'forbidden':
      return 'CANARY_UNDECIDED / ends with CLUSTER_REFUSED';
    case 'other':
      return 'CANARY_UNDECIDED / refused, but not by a gate';
  }
}
