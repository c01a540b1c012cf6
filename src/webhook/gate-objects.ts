import type { KubernetesObject } from '../kubernetes/object.ts';
import { isAtLeast, type KubernetesVersion } from '../kubernetes/version.ts';
import { renderDeployment, type GateDeployment } from './gate-deployment.ts';
import {
  AUTHORITY_SECRET,
  CLIENT_AUTHORITY_CONFIG_MAP,
  GATE_NAME,
  HEALTH_PORT,
  LABELS,
  POLICY_CONFIG_MAP,
  POLICY_KEY,
  REVIEW_PORT,
  SELECTOR_LABELS,
  SERVICE_PORT,
  serviceHost,
  TLS_SECRET,
} from '../wiring/names.ts';

/**
 * Certificates that this program made: the serving pair, the CAs that clients trust, and the signing CA. All are PEM.
 */
export interface OwnCertificates {
  readonly source: 'own';
  readonly serving: { readonly certificate: string; readonly key: string };
  readonly trust: string;
  /** `undefined` if the user gave the CA, because its key must not be stored in the cluster. */
  readonly authority: { readonly certificate: string; readonly key: string } | undefined;
}

/** Certificates that cert-manager makes and renews. */
export interface IssuedCertificates {
  readonly source: 'cert-manager';
  readonly issuer: { readonly kind: 'Issuer' | 'ClusterIssuer'; readonly name: string };
}

/** The input of the objects of a gate in the cluster that it reviews. */
export interface GateInstallation extends GateDeployment {
  readonly certificates: OwnCertificates | IssuedCertificates;
  /** The text of the policy. */
  readonly policyText: string;
  readonly version: KubernetesVersion;
}

/** The objects of a gate in the order in which they are created. The webhook configuration comes after them. */
export function renderGateObjects(gate: GateInstallation): readonly KubernetesObject[] {
  const { namespace, client } = gate;
  return [
    renderNamespace(namespace),
    object('v1', 'ServiceAccount', GATE_NAME, namespace, { automountServiceAccountToken: false }),
    ...renderCertificates(gate.certificates, namespace),
    object('v1', 'ConfigMap', POLICY_CONFIG_MAP, namespace, { data: { [POLICY_KEY]: gate.policyText } }),
    ...(client?.authority === undefined
      ? []
      : [
          object('v1', 'ConfigMap', CLIENT_AUTHORITY_CONFIG_MAP, namespace, {
            data: { 'ca.crt': client.authority },
          }),
        ]),
    renderNetworkPolicy(namespace),
    renderDisruptionBudget(namespace, gate.version),
    object('v1', 'Service', GATE_NAME, namespace, {
      spec: {
        type: 'ClusterIP',
        selector: SELECTOR_LABELS,
        ports: [{ name: 'https', port: SERVICE_PORT, targetPort: 'https', protocol: 'TCP' }],
      },
    }),
    renderDeployment(gate),
  ];
}

/** The annotations that make cert-manager set `caBundle`; `undefined` without cert-manager. */
export function injectionOf(
  certificates: GateInstallation['certificates'],
  namespace: string,
): Readonly<Record<string, string>> | undefined {
  if (certificates.source === 'own') return undefined;
  return { 'cert-manager.io/inject-ca-from': `${namespace}/${GATE_NAME}` };
}

function renderNamespace(name: string): KubernetesObject {
  const restricted = Object.fromEntries(
    ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
  );
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...LABELS, ...restricted } } };
}

function renderCertificates(
  certificates: GateInstallation['certificates'],
  namespace: string,
): readonly KubernetesObject[] {
  if (certificates.source === 'cert-manager') {
    return [
      object('cert-manager.io/v1', 'Certificate', GATE_NAME, namespace, {
        spec: {
          secretName: TLS_SECRET,
          commonName: GATE_NAME,
          dnsNames: [serviceHost(namespace)],
          usages: ['digital signature', 'server auth'],
          privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
          issuerRef: { group: 'cert-manager.io', ...certificates.issuer },
        },
      }),
    ];
  }
  const { serving, trust, authority } = certificates;
  return [
    renderTlsSecret(TLS_SECRET, namespace, {
      'tls.crt': serving.certificate,
      'tls.key': serving.key,
      'ca.crt': trust,
    }),
    ...(authority === undefined
      ? []
      : [
          renderTlsSecret(AUTHORITY_SECRET, namespace, {
            'tls.crt': authority.certificate,
            'tls.key': authority.key,
          }),
        ]),
  ];
}

function renderTlsSecret(
  name: string,
  namespace: string,
  texts: Readonly<Record<string, string>>,
): KubernetesObject {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  return object('v1', 'Secret', name, namespace, { type: 'kubernetes.io/tls', data });
}

/** The API server may call from any address. The gate itself calls no other server. */
function renderNetworkPolicy(namespace: string): KubernetesObject {
  return object('networking.k8s.io/v1', 'NetworkPolicy', GATE_NAME, namespace, {
    spec: {
      podSelector: { matchLabels: SELECTOR_LABELS },
      // Without egress rules, outgoing traffic is refused. An empty list would mean the same, but the API server
      // removes empty lists, so each apply would change the object.
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          ports: [REVIEW_PORT, HEALTH_PORT].map((port) => ({ port, protocol: 'TCP' })),
        },
      ],
    },
  });
}

/** With this budget, a drain evicts one pod of the gate after the other, and it is never blocked. */
function renderDisruptionBudget(namespace: string, version: KubernetesVersion): KubernetesObject {
  return object('policy/v1', 'PodDisruptionBudget', GATE_NAME, namespace, {
    spec: {
      // `maxUnavailable` is correct for any number of replicas.
      maxUnavailable: 1,
      // Otherwise pods that never become ready could not be evicted. The field is generally available since 1.27.
      ...(isAtLeast(version, 1, 27) && { unhealthyPodEvictionPolicy: 'AlwaysAllow' }),
      selector: { matchLabels: SELECTOR_LABELS },
    },
  });
}

function object(
  apiVersion: string,
  kind: string,
  name: string,
  namespace: string,
  fields: object,
): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace, labels: LABELS }, ...fields };
}
