import { decodeWebhooks, hasAddress, type SeenWebhook } from '../wiring/webhook-configuration.ts';

/** The webhooks of a configuration that have a name. The API server requires a name. */
export function entriesOf(configuration: unknown): readonly SeenWebhook[] {
  return decodeWebhooks(configuration).filter(({ name }) => name !== '');
}

/** `https://10.0.0.1:1323/validate`, or `Service kube-image-bouncer/kube-image-bouncer`. */
export function describeAddress(webhook: SeenWebhook): string {
  const { target } = webhook;
  if (!hasAddress(webhook)) return 'an address that is missing';
  return target.form === 'url' ? target.url : `Service ${target.namespace}/${target.name}`;
}

/** The same URL with another path. */
export function withPath(url: string, path: string): string {
  const { origin } = new URL(url);
  return `${origin}${path}`;
}
