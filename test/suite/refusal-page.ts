import { examineEnforcement } from '../../src/diagnosis/cluster/enforcement.ts';
import type { ClusterMaterial } from '../../src/diagnosis/cluster/material.ts';
import type { KubernetesAnswer } from '../../src/kubernetes/connection.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { renderProbeResults } from '../../src/cli/commands/recover-report.ts';
import { runProbes } from '../../src/recovery/probes.ts';
import { sendCanary } from '../../src/wiring/canary.ts';
import { REFUSAL_CASES, type RefusalCase } from './refusal-cases.ts';

/** The page with the sentences of the API server and the conclusions of `doctor` and `recover`. */
export const REFUSAL_PAGE = 'docs/refusals.md';

const HEAD = [
  '# Sentences of the API server when it refuses',
  '',
  'Only the sentence of an answer names the webhook or plugin that refused. No field does. `doctor` and `recover` use one reader',
  '(`src/wiring/refusal.ts`). This page lists each sentence and both conclusions. `npx node scripts/refusals.ts` writes it',
  'from [refusal-cases.ts](../test/suite/refusal-cases.ts), and a test compares it.',
  '',
  '- **who**: the webhook or the plugin that the sentence names.',
  '- **doctor**: *enforcing*, or the code of the result ([doctor.md](doctor.md)) about a bad pod that was created in a dry run.',
  '- **recover**: the state of a pod that uses an image of its namespace ([recovery.md](recovery.md)).',
  '',
].join('\n');

/** The expected page. */
export async function renderRefusalPage(): Promise<string> {
  const rows: string[] = [];
  for (const one of REFUSAL_CASES) {
    const cells = [
      one.when,
      String(one.status),
      one.message === '' ? '(none)' : `\`${one.message}\``,
      one.who,
      await doctorConcludes(one),
      await recoverConcludes(one),
    ];
    rows.push(`| ${cells.join(' | ')} |`);
  }
  const head = ['when', 'HTTP status', 'message', 'who', 'doctor', 'recover'];
  const table = [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows];
  return `${HEAD}\n${table.join('\n')}\n`;
}

/** An API server that answers each request with this sentence. */
function apiServerSaying({ status, message }: RefusalCase): Pick<KubernetesClient, 'send'> {
  const answer: KubernetesAnswer = { status, document: { kind: 'Status', message }, warnings: [] };
  return { send: async () => answer };
}

/** The code of the result of `doctor` about a bad pod, or `enforcing`. */
export async function doctorConcludes(one: RefusalCase): Promise<string> {
  const badPod = await sendCanary(apiServerSaying(one), { namespace: 'default' });
  const good = { outcome: 'admitted', warnings: [] } as const;
  const canaries = {
    namespace: 'default',
    badPod,
    badDeployment: good,
    goodPod: { image: 'good', result: good },
  };
  const material: Partial<ClusterMaterial> = {
    webhooks: [],
    areWebhooksRead: true,
    apiServers: [],
    canaries,
  };
  // The examination reads nothing else.
  const codes = examineEnforcement(material as ClusterMaterial).map(({ code }) => code);
  return codes.filter((code) => code !== 'TEMPLATES_UNSEEN').join(', ') || 'enforcing';
}

/** The state that `recover` shows for a pod that runs there. */
export async function recoverConcludes(one: RefusalCase): Promise<string> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n' },
    spec: { containers: [{ image: 'app:1' }] },
  };
  const place = { namespace: 'n', role: 'vital', isWanted: true } as const;
  const probe = { place, kind: 'Pod', candidates: [pod], isGuess: false };
  try {
    return renderProbeResults(await runProbes(apiServerSaying(one), [probe])).replace(/^ *n +Pod +/, '');
  } catch (error) {
    if (error instanceof KubernetesError) return `ends with ${error.code}`;
    throw error;
  }
}
