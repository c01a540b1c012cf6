import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectionTo } from '#test/phrases.ts';
import { phrase } from '../language/phrase.ts';
import type { Decision, Notice, Violation } from '../policy/decision.ts';
import { renderAuditAnnotations, renderWarnings } from './message.ts';

const POLICY = { name: 'production', revision: '0123456789ab' };
const SAYS = 'tag "latest" is not allowed [rule no-latest]; name a fixed version or a digest';

function violation(...actions: Violation['actions']): Violation {
  return { ...objectionTo(), actions, rule: 'no-latest', use: undefined, message: undefined };
}

function notice(code: Notice['code'], text: Notice['text'] = phrase('INVALID_REFERENCE.empty')): Notice {
  return { code, use: undefined, text };
}

function decision(parts: Partial<Decision & { outcome: 'admitted' }>): Decision {
  return { outcome: 'admitted', policy: POLICY, uses: [], notices: [], violations: [], ...parts };
}

describe('audit annotations', () => {
  it('K03 contain the audited violations and the policy', () => {
    for (const actions of [['Audit'], ['Warn', 'Audit'], ['Deny', 'Audit']] as Violation['actions'][]) {
      const audited = decision({ violations: [violation(...actions)] });
      assert.deepEqual(renderAuditAnnotations(audited, false), {
        policy: 'production/0123456789ab',
        violations: SAYS,
      });
    }
  });

  it('K03 contain warnings only if the protocol has no warnings', () => {
    const warned = decision({ violations: [violation('Warn')], notices: [notice('PLACEHOLDER')] });
    assert.equal(renderAuditAnnotations(warned, false), undefined);
    assert.deepEqual(renderAuditAnnotations(warned, true), {
      policy: 'production/0123456789ab',
      warnings: `${SAYS}; the reference is empty`,
    });
  });

  it('A20 contain the notice about a mirror pod, because a node does not show warnings, and no other notice', () => {
    const notices = [notice('UNKNOWN_KIND'), notice('MIRROR_POD', phrase('INVALID_REFERENCE.digest-empty'))];
    assert.deepEqual(renderAuditAnnotations(decision({ notices }), false), {
      policy: 'production/0123456789ab',
      warnings: 'the digest is empty',
    });
    assert.equal(renderAuditAnnotations(decision({ notices: [notice('UNKNOWN_KIND')] }), false), undefined);
  });

  it('are missing if nothing is audited, and contain no policy if there was none', () => {
    assert.equal(renderAuditAnnotations(decision({}), true), undefined);
    assert.equal(renderAuditAnnotations(decision({ violations: [violation('Deny')] }), true), undefined);
    const audited = decision({ policy: undefined, violations: [violation('Audit')] });
    assert.deepEqual(renderAuditAnnotations(audited, false), { violations: SAYS });
  });

  it('K03 are joined and cut to 1024 bytes', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      ...violation('Audit'),
      ...objectionTo(`v${index}`),
    }));
    const { violations = '' } = renderAuditAnnotations(decision({ violations: many }), false) ?? {};
    assert.match(
      violations,
      /^tag "v0" is not allowed \[rule no-latest\]; name a fixed version or a digest; tag "v1" /,
    );
    assert.match(violations, / and \d+ more$/);
    assert.ok(Buffer.byteLength(violations) <= 1024);
  });
});

describe('warnings', () => {
  it('contain violations that warn, then notices, each once', () => {
    const warning = decision({
      violations: [violation('Warn'), violation('Deny'), violation('Audit'), violation('Warn', 'Audit')],
      notices: [notice('PLACEHOLDER'), notice('UNKNOWN_KIND')],
    });
    assert.deepEqual(renderWarnings(warning), [SAYS, 'the reference is empty']);
  });

  it('are missing if nothing warns', () => {
    for (const actions of [['Deny'], ['Audit'], ['Deny', 'Audit']] as Violation['actions'][])
      assert.deepEqual(renderWarnings(decision({ violations: [violation(...actions)] })), []);
  });

  it('K02 are at most twelve, followed by the number of the others', () => {
    const warned = (count: number) =>
      renderWarnings(
        decision({
          violations: Array.from({ length: count }, (_, index) => ({
            ...violation('Warn'),
            ...objectionTo(`v${index}`),
          })),
        }),
      );
    assert.equal(warned(12).length, 12);
    assert.match(warned(12).at(-1) ?? '', /^tag "v11"/);
    assert.equal(warned(13).length, 13);
    assert.equal(warned(13).at(-1), 'and 1 more warnings');
  });
});
