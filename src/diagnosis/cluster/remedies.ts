import type { Finding } from '../finding.ts';
import type { SeenWebhook } from '../webhook/seen-webhook.ts';

/** What a remedy leaves open: by which address `bootstrap webhook` wires the gate. */
const OPEN = 'bootstrap webhook …';

/** The same findings with the address of this cluster in their commands, so that they can be pasted. */
export function completeRemedies(
  findings: readonly Finding[],
  webhooks: readonly SeenWebhook[],
): readonly Finding[] {
  const command = `bootstrap webhook ${addressOption(webhooks)}`;
  return findings.map((one) => ({ ...one, remedy: one.remedy.replaceAll(OPEN, command) }));
}

function addressOption(webhooks: readonly SeenWebhook[]): string {
  for (const { target } of webhooks) {
    const origin = target.form === 'url' ? URL.parse(target.url)?.origin : undefined;
    if (origin !== undefined) return `--url ${origin}`;
  }
  return '--service';
}
