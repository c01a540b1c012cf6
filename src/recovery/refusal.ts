/** Whether a gate answers: `silent` when it cannot be asked, whatever the cause; `refusing` when it said no. */
export type GateState = 'silent' | 'refusing';

/** Who kept an object out, by the words of the API server. */
export type Refusal =
  | {
      readonly by: 'webhook';
      /** Name of the webhook, of which a configuration may have many. */
      readonly webhook: string;
      readonly gate: GateState;
      readonly message: string;
    }
  | { readonly by: 'image-policy'; readonly gate: GateState; readonly message: string }
  /** Something that no gate has to do with: a quota, another admission plugin, a policy in CEL. */
  | { readonly by: 'other'; readonly message: string };

// The API server has no field for it: its sentence is the same from 1.20 to 1.37.
const WEBHOOK_SILENT = /failed calling webhook "(?<webhook>[^"]+)"/;
const WEBHOOK_REFUSING =
  /admission webhook "(?<webhook>[^"]+)" (?:denied the request|does not support dry run)/;
const IMAGE_POLICY_REFUSING =
  /image policy webhook backend denied one or more images|one or more images rejected by webhook backend/;
// The plugin puts nothing of its own before what its HTTP client says.
const IMAGE_POLICY_SILENT =
  /is forbidden: (?:Post "https?:|the server (?:has received|is currently|was unable|rejected|could not|responded)|an error on the server )/;

/** Reads who refused out of the message of an answer that was not a success. */
export function parseRefusal(message: string): Refusal {
  // First: a gate that refuses may repeat anything in its own words, and they come last.
  const silent = WEBHOOK_SILENT.exec(message);
  const refusing = WEBHOOK_REFUSING.exec(message);
  const first = firstOf(silent, refusing);
  if (first !== undefined) {
    const webhook = first.groups?.['webhook'] ?? '';
    return { by: 'webhook', webhook, gate: first === silent ? 'silent' : 'refusing', message };
  }
  if (IMAGE_POLICY_REFUSING.test(message)) return { by: 'image-policy', gate: 'refusing', message };
  if (IMAGE_POLICY_SILENT.test(message)) return { by: 'image-policy', gate: 'silent', message };
  return { by: 'other', message };
}

function firstOf(one: RegExpExecArray | null, other: RegExpExecArray | null): RegExpExecArray | undefined {
  if (one === null || other === null) return one ?? other ?? undefined;
  return one.index < other.index ? one : other;
}

/** Whether two refusals are of the same origin, so that nothing has changed between them. */
export function isSameRefusal(one: Refusal, other: Refusal): boolean {
  return originOf(one) === originOf(other);
}

/** Who refused, and how: the same for refusals that only differ in their words. */
export function originOf(refusal: Refusal): string {
  switch (refusal.by) {
    case 'webhook':
      return `webhook ${refusal.webhook} ${refusal.gate}`;
    case 'image-policy':
      return `image-policy ${refusal.gate}`;
    case 'other':
      return 'other';
  }
}
