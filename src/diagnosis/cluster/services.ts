import { isObject } from '../../workload/fields.ts';
import { describeWebhook, type SeenWebhook } from '../webhook/seen-webhook.ts';
import { finding, type Finding } from '../finding.ts';
import type { ClusterMaterial, ServiceMaterial } from './material.ts';

/** Whether what the webhooks call is there: Service, port, somebody behind it. */
export function examineServices(material: ClusterMaterial): readonly Finding[] {
  const { webhooks, gate } = material;
  const called = webhooks.filter(({ target }) => target.form === 'service');
  if (called.length > 0 && gate.namespaceExists === false) {
    const sources = [...new Set(called.map(({ source }) => source))];
    return sources.map((source) =>
      finding('WEBHOOK_LEFTOVER', source, `it calls a Service of namespace ${gate.namespace}, which is gone`),
    );
  }
  const seen = new Set<string>();
  return called.flatMap((webhook) => {
    const { target } = webhook;
    // Both webhooks of a configuration call the same port, and one sentence about it is enough.
    const key = target.form === 'service' ? `${target.name}:${target.port}` : '';
    if (target.form !== 'service' || seen.has(key) || !gate.services.has(target.name)) return [];
    seen.add(key);
    return examineService(webhook, target, gate.services.get(target.name));
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
      finding(
        'SERVICE_MISSING',
        describeWebhook(webhook),
        `it calls ${subject}, and there is no such Service`,
      ),
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
