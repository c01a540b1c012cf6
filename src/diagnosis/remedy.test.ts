import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  bootstrapWebhook,
  commandsOf,
  completeRemedy,
  remedy,
  renderRemedy,
  shellCommand,
} from './remedy.ts';

it('a remedy is text only when it is rendered; the open part of a wiring is …', () => {
  const value = remedy`first ${bootstrapWebhook('--apply')}, then wait`;
  assert.equal(renderRemedy(value), 'first kube-image-bouncer bootstrap webhook … --apply, then wait');
  assert.equal(commandsOf(value).length, 1);
});

it('a remedy for a cluster has the options of the cluster in place of …', () => {
  const value = completeRemedy(remedy`${bootstrapWebhook('--apply')}`, () => ['--service']);
  assert.equal(renderRemedy(value), 'kube-image-bouncer bootstrap webhook --service --apply');
});

it('a command keeps every choice that it does not change', () => {
  assert.deepEqual(bootstrapWebhook('--stage deny --apply', ['stage']).keep, [
    'kube-system',
    'exempt-namespaces',
    'replicas',
  ]);
});

it('a word is quoted for the shell only if it needs quotes', () => {
  const command = shellCommand('chmod', '600', "/tmp/it's $(here)", 'pki/tls.key', 'https://a:1');
  assert.equal(renderRemedy([command]), String.raw`chmod 600 '/tmp/it'\''s $(here)' pki/tls.key https://a:1`);
});
