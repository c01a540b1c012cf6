import { hideUserInfo } from '../../control-plane/credentials.ts';
import type { WrittenGateWay } from '../../control-plane/gate-kubeconfig.ts';
import type { Stage } from '../../policy/stage.ts';
import { stageOfKubeconfig } from '../../wiring/api-server-files.ts';
import { stageOfPath } from '../../wiring/paths.ts';
import { examineTrust } from '../certificate/trust.ts';
import { examineClientAuthority } from '../certificate/use.ts';
import { finding, type Finding } from '../finding.ts';
import { examineClientPair } from './client-pairs.ts';
import type { KubeconfigMaterial, NodeMaterial } from './material.ts';
import { examineNamedFile } from './named-file.ts';

/** Checks the kubeconfig of `ImagePolicyWebhook`: the address of the gate, the CA, and the pair of the API server. */
export function examineKubeconfig(material: NodeMaterial): readonly Finding[] {
  const { kubeconfig } = material;
  if (kubeconfig === undefined) return [];
  const { opened, written } = kubeconfig;
  if (opened.state !== 'read')
    return examineNamedFile({ name: 'kubeConfigFile', written }, kubeconfig, {
      missing: 'GATE_KUBECONFIG_MISSING',
      unreadable: 'GATE_KUBECONFIG_UNREADABLE',
    });
  const { value, file } = opened;
  if (!value.hasContext)
    return [
      finding(
        'GATE_KUBECONFIG_CONTEXT',
        `${file}:${value.currentContext?.position ?? '1:1'}`,
        describeContext(value),
      ),
    ];
  return [
    ...examineServer(value, file),
    ...value.conflicts.map(({ position, sentence }) =>
      finding('GATE_KUBECONFIG_UNREADABLE', `${file}:${position}`, sentence),
    ),
    ...examineAuthority(kubeconfig, value, material),
    ...examineClientPair(kubeconfig, file, material.now, {
      answer: kubeconfig.answer,
      authority: material.clientAuthority,
    }),
    ...(material.clientAuthority === undefined
      ? []
      : examineClientAuthority(material.clientAuthority, material.now)),
    ...examineUnseen(kubeconfig, value, material.isOnNode),
  ];
}

/** The stage of `ImagePolicyWebhook`; `undefined` if its kubeconfig does not have the path of a gate. */
export function imagePolicyStageOf({ kubeconfig }: NodeMaterial): Stage | undefined {
  return kubeconfig && stageOfKubeconfig(kubeconfig.opened);
}

function describeContext({ currentContext }: WrittenGateWay): string {
  return currentContext === undefined
    ? 'it has no current-context'
    : `current-context is ${JSON.stringify(currentContext.value)}, which does not exist`;
}

function examineServer({ server, isUnverified }: WrittenGateWay, file: string): readonly Finding[] {
  const url = server === undefined ? null : URL.parse(server.value);
  if (server === undefined || url === null)
    return [finding('GATE_KUBECONFIG_UNREADABLE', file, 'its cluster has no server that is a URL')];
  const place = `${file}:${server.position}`;
  return [
    ...(url.protocol === 'https:'
      ? []
      : [finding('GATE_NOT_HTTPS', place, `its server is ${hideUserInfo(server.value)}`)]),
    ...(isUnverified ? [finding('GATE_UNVERIFIED', file, 'insecure-skip-tls-verify is true')] : []),
    ...(stageOfPath('ImageReview', url.pathname) === undefined
      ? [finding('GATE_PATH_UNKNOWN', place, `its server is ${hideUserInfo(server.value)}`)]
      : []),
  ];
}

function examineAuthority(
  { authority, served, opened }: KubeconfigMaterial,
  { server, isUnverified }: WrittenGateWay,
  { now }: NodeMaterial,
): readonly Finding[] {
  const subject = authority?.place ?? opened.file;
  // The API server opens the file even if it does not use it.
  if (authority !== undefined && authority.text === undefined) {
    const { missing } = authority;
    return missing === undefined ? [] : [finding('CA_UNREADABLE', missing.namedAt, missing.what)];
  }
  if (isUnverified || server === undefined || !server.value.startsWith('https:')) return [];
  const chain = served === undefined || typeof served.chain === 'string' ? undefined : served.chain;
  const trusting = {
    subject,
    trust: authority?.text,
    serverName: served?.serverName ?? '',
    served: chain === undefined || served === undefined ? undefined : { subject: served.address, chain },
  };
  return examineTrust(trusting, now);
}

/** Names that only the DNS of a cluster has. */
const IN_CLUSTER = /\.svc(?:\.|$)|\.cluster\.local\.?$/;

function examineUnseen(
  { served, opened }: KubeconfigMaterial,
  { server }: WrittenGateWay,
  isOnNode: boolean,
): readonly Finding[] {
  if (served === undefined || typeof served.chain !== 'string') return [];
  const { hostname = '' } = URL.parse(server?.value ?? '') ?? {};
  if (IN_CLUSTER.test(hostname))
    return [
      finding(
        'GATE_NAME_IN_CLUSTER',
        `${opened.file}:${server?.position}`,
        `its server is ${JSON.stringify(hideUserInfo(server?.value ?? ''))}, and this machine does not reach it: ${served.chain}`,
      ),
    ];
  return [finding(isOnNode ? 'GATE_UNREACHABLE' : 'CERTIFICATE_UNSEEN', served.address, served.chain)];
}
