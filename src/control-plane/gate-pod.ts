import { join } from 'node:path';
import { renderYaml } from '../document/render.ts';
import { CONTAINER_FOLDER, GATE_FILES, type GateArguments, renderGateArguments } from './gate-command.ts';

/** User and group of the gate in its image. They own the key of the gate on the node. */
export const GATE_USER = 65532;

/** The input of {@link renderGatePod}. */
export interface GatePodOptions extends Omit<GateArguments, 'keyFile'> {
  readonly image: string;
}

/**
 * The gate as a static pod. The kubelet runs it independently of the API server, and it cannot be deleted through the API.
 * It uses the network of the node, where the API server calls it, and needs no other network.
 */
export function renderGatePod({ image, folder, ...gate }: GatePodOptions): string {
  const keyFile = join(CONTAINER_FOLDER, GATE_FILES.key);
  const volume = 'files';
  return renderYaml({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'kube-image-bouncer',
      namespace: 'kube-system',
      labels: {
        'app.kubernetes.io/name': 'kube-image-bouncer',
        'app.kubernetes.io/managed-by': 'kube-image-bouncer',
        tier: 'control-plane',
      },
    },
    spec: {
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: GATE_USER,
        runAsGroup: GATE_USER,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'kube-image-bouncer',
          image,
          imagePullPolicy: 'IfNotPresent',
          args: renderGateArguments({ ...gate, folder: CONTAINER_FOLDER, keyFile }),
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } },
          startupProbe: { ...probe(gate, '/livez'), periodSeconds: 1, failureThreshold: 60 },
          livenessProbe: { ...probe(gate, '/livez'), periodSeconds: 10, failureThreshold: 6 },
          readinessProbe: { ...probe(gate, '/readyz'), periodSeconds: 2, failureThreshold: 1 },
          volumeMounts: [{ name: volume, mountPath: CONTAINER_FOLDER, readOnly: true }],
        },
      ],
      volumes: [{ name: volume, hostPath: { path: folder, type: 'Directory' } }],
    },
  });
}

function probe({ address, healthPort }: Pick<GateArguments, 'address' | 'healthPort'>, path: string): object {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return { httpGet: { host, port: healthPort, path, scheme: 'HTTP' }, timeoutSeconds: 2 };
}
