import { describe } from 'node:test';
import { clusterReports, gateObject, withGate, withWebhooks } from '#test/cluster-findings.ts';
import { GATE_NAME } from '../../wiring/names.ts';
import type { ClusterMaterial, ServiceMaterial } from './material.ts';

function service(material: ServiceMaterial | undefined): Partial<ClusterMaterial> {
  return withGate({ services: new Map([[`${GATE_NAME}/${GATE_NAME}`, material]]) });
}

/** Webhooks that call the Service at another place. */
function target(place: Partial<{ namespace: string; port: number }>): Partial<ClusterMaterial> {
  return withWebhooks((webhook) =>
    webhook.target.form === 'service' ? { target: { ...webhook.target, ...place } } : {},
  );
}

describe('the Service that the webhooks call', () => {
  clusterReports(['SERVICE_MISSING'], 'a Service that does not exist', service(undefined));
  clusterReports([], 'a Service that doctor may not read', withGate({ services: new Map() }));
  clusterReports(['SERVICE_PORT_WRONG'], 'a port that the Service does not have', target({ port: 9 }));
  clusterReports(['SERVICE_WITHOUT_ENDPOINTS'], 'a Service without a ready endpoint', {
    ...service({ service: gateObject('Service'), endpoints: [] }),
  });
  clusterReports(['WEBHOOK_LEFTOVER'], 'a Service in a namespace that no longer exists', {
    ...target({ namespace: 'uninstalled' }),
    served: [],
  });
});
