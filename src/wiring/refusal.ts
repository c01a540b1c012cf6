/** A webhook, by the name that the API server gives it, or the admission plugin `ImagePolicyWebhook`. */
export interface Refuser {
  readonly plugin: 'webhook' | 'image-policy';
  readonly name: string;
}

/** Why the API server did not create an object. `message` is the text of the API server. */
export type Refusal =
  /** The refuser was called, and it refused the object. */
  | { readonly outcome: 'refused'; readonly by: Refuser; readonly message: string }
  /** The API server called the refuser, but it got no usable answer. */
  | { readonly outcome: 'unreachable'; readonly by: Refuser; readonly message: string }
  /** The webhook is never called in a dry run. Whether the object can be created is not known. */
  | { readonly outcome: 'no-dry-run'; readonly by: Refuser; readonly message: string }
  /** The API server does not accept the credentials of the caller, or the caller may not create such objects. */
  | { readonly outcome: 'forbidden'; readonly message: string }
  /** Something else, for example a quota, another admission plugin, or a ValidatingAdmissionPolicy. */
  | { readonly outcome: 'other'; readonly message: string };

const IMAGE_POLICY: Refuser = { plugin: 'image-policy', name: 'ImagePolicyWebhook' };

// Each expression is anchored: a gate can repeat any text in the message of its denial.
const WEBHOOK_FAILED = /^(?:Internal error occurred: )?failed calling (?:admission )?webhook "([^"]+)"/;
const WEBHOOK_ANSWERED =
  /^admission webhook "([^"]+)" (denied the request|does not support dry run|attempted to modify the object)/;
// API servers before 1.9 write `webook`.
const IMAGE_POLICY_REFUSED =
  /^pods "[^"]*" is forbidden: (?:image policy webh?ook backend denied one or more images|one or more images rejected by webhook backend)/;
// The plugin writes nothing before the text of its HTTP client or its decoder.
const IMAGE_POLICY_FAILED = new RegExp(
  `^pods "[^"]*" is forbidden: (?:${[
    '(?:Post|Get) "?https?:',
    'the server ',
    'an error on the server ',
    'webhook call failed: ',
    '0-length response ',
    'no kind "',
    "couldn't get version/kind; ",
    'json: cannot unmarshal ',
    // json-iterator, before 1.23.
    'v1alpha1\\.ImageReview',
    'Internal error occurred: mime: ',
  ].join('|')})`,
);
const MAY_NOT_CREATE = /^[a-z0-9.-]+ is forbidden: User "/;

/**
 * Reads the answer of the API server to a request that was not successful. No field of the answer names the refuser,
 * so the name is read from the message. The same texts are in all versions from 1.20 to 1.37.
 */
export function readRefusal(status: number, message: string): Refusal {
  const [, failed] = WEBHOOK_FAILED.exec(message) ?? [];
  if (failed !== undefined) return { outcome: 'unreachable', by: webhookNamed(failed), message };
  const [, webhook, what] = WEBHOOK_ANSWERED.exec(message) ?? [];
  if (webhook !== undefined) return { outcome: outcomeOf(what), by: webhookNamed(webhook), message };
  if (IMAGE_POLICY_REFUSED.test(message)) return { outcome: 'refused', by: IMAGE_POLICY, message };
  // The plugin does not wrap the HTTP status 403 of a gate. The text of a JSON body is `unknown`.
  if (IMAGE_POLICY_FAILED.test(message) || (status === 403 && message === 'unknown'))
    return { outcome: 'unreachable', by: IMAGE_POLICY, message };
  if (status === 401 || MAY_NOT_CREATE.test(message)) return { outcome: 'forbidden', message };
  return { outcome: 'other', message: message === '' ? `HTTP status ${status}` : message };
}

function webhookNamed(name: string): Refuser {
  return { plugin: 'webhook', name };
}

function outcomeOf(what: string | undefined): 'refused' | 'unreachable' | 'no-dry-run' {
  if (what === 'denied the request') return 'refused';
  return what === 'does not support dry run' ? 'no-dry-run' : 'unreachable';
}

/** Text that is equal for two refusals by the same refuser for the same kind of reason. */
export function originOf(refusal: Refusal): string {
  return 'by' in refusal ? `${refusal.by.plugin} ${refusal.by.name} ${refusal.outcome}` : refusal.outcome;
}
