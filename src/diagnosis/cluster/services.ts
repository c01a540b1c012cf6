import { isObject } from '../../document/json.ts';
import { describeWebhook, type SeenWebhook } from '../../wiring/webhook-configuration.ts';
import { finding, type Finding } from '../finding.ts';
import type { ClusterMaterial, ServiceMaterial } from './material.ts';

/** Checks the target of each webhook: namespace, Service, port, and a ready endpoint. */
export function examineServices({ webhooks, namespaces, gate }: ClusterMaterial): readonly Finding[] {
  const exists = (name: string): boolean =>
    namespaces === undefined || namespaces.some(({ metadata }) => metadata.name === name);
  const seen = new Set<string>();
  return webhooks.flatMap((webhook) => {
    const { target, source } = webhook;
    if (target.form !== 'service') return [];
    const { namespace, name, port } = target;
    // The webhooks of one configuration call the same port: report it once.
    const key = `${source} ${namespace}/${name}:${port}`;
    if (seen.has(key)) return [];
    seen.add(key);
    if (!exists(namespace))
      return [
        finding(
          'WEBHOOK_LEFTOVER',
          source,
          `it calls a Service of namespace ${namespace}, which does not exist`,
        ),
      ];
    const service = `${namespace}/${name}`;
    return gate.services.has(service) ? examineService(webhook, target, gate.services.get(service)) : [];
  });
}

function examineService(
  webhook: SeenWebhook,
  target: SeenWebhook['target'] & { readonly form: 'service' },
  material: ServiceMaterial | undefined,
): readonly Finding[] {
  const subject = `Service ${target.namespace}/${target.name}`;
  if (material === undefined) {
    return [
      finding('SERVICE_MISSING', describeWebhook(webhook), `it calls ${subject}, which does not exist`),
    ];
  }
  const { spec } = material.service;
  const ports = isObject(spec) && Array.isArray(spec['ports']) ? (spec['ports'] as unknown[]) : [];
  const numbers = ports.filter(isObject).map(({ port }) => port);
  return [
    ...(numbers.includes(target.port)
      ? []
      : [
          finding(
            'SERVICE_PORT_WRONG',
            describeWebhook(webhook),
            `it calls port ${target.port}, and ${subject} has ${numbers.join(', ') || 'none'}`,
          ),
        ]),
    ...(material.endpoints.length === 0
      ? [finding('SERVICE_WITHOUT_ENDPOINTS', subject, 'no endpoint of it is ready')]
      : []),
  ];
}
