import { isAbsolute } from 'node:path';
import { finding, type Finding } from '../finding.ts';
import { examineClientPair } from './client-pair.ts';
import type { NodeMaterial } from './material.ts';

/** Whether the API server can prove to webhooks who it is, where it is told to. */
export function examineWebhookUsers({ webhookUsers, now }: NodeMaterial): readonly Finding[] {
  if (webhookUsers === undefined) return [];
  const { namedIn, written, opened, pairs } = webhookUsers;
  const relative = isAbsolute(written)
    ? []
    : [finding('GATE_KUBECONFIG_RELATIVE', namedIn, `kubeConfigFile is ${written}`)];
  switch (opened.state) {
    case 'missing':
      return [...relative, finding('GATE_KUBECONFIG_MISSING', opened.file, 'there is no such file')];
    case 'unreadable':
      return [...relative, finding('GATE_KUBECONFIG_UNREADABLE', opened.file, opened.problem)];
    case 'read':
      return [...relative, ...pairs.flatMap((pair) => examineClientPair(pair, opened.file, now))];
  }
}
