import type { WrittenGateWay } from '../../control-plane/gate-kubeconfig.ts';
import type { Stage } from '../../policy/stage.ts';
import { stageOfKubeconfig } from '../../wiring/api-server-files.ts';
import { stageOfPath } from '../../wiring/paths.ts';
import { examineTrust } from '../certificate/trust.ts';
import { examineClientAuthority } from '../certificate/use.ts';
import { finding, type Finding } from '../finding.ts';
import { examineClientPair } from './client-pairs.ts';
import type { KubeconfigMaterial, NodeMaterial } from './material.ts';

/** Checks the kubeconfig of `ImagePolicyWebhook`: the address of the gate, the CA, and the pair of the API server. */
export function examineKubeconfig(material: NodeMaterial): readonly Finding[] {
  const { kubeconfig } = material;
  if (kubeconfig === undefined) return [];
  const { opened } = kubeconfig;
  switch (opened.state) {
    case 'missing':
      return [finding('GATE_KUBECONFIG_MISSING', opened.file, 'there is no such file')];
    case 'unreadable':
      return [finding('GATE_KUBECONFIG_UNREADABLE', opened.file, opened.problem)];
    case 'read':
      return opened.value.hasContext
        ? [
            ...examineServer(opened.value, opened.file),
            ...examineAuthority(kubeconfig, opened.value, material),
            ...examineClientPair(kubeconfig, opened.file, material.now, {
              answer: kubeconfig.answer,
              authority: material.clientAuthority,
            }),
            ...(material.clientAuthority === undefined
              ? []
              : examineClientAuthority(material.clientAuthority, material.now)),
            ...examineUnseen(kubeconfig, material.isOnNode),
          ]
        : [finding('GATE_KUBECONFIG_CONTEXT', opened.file, describeContext(opened.value))];
  }
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
    ...(url.protocol === 'https:' ? [] : [finding('GATE_NOT_HTTPS', place, `its server is ${server.value}`)]),
    ...(isUnverified ? [finding('GATE_UNVERIFIED', file, 'insecure-skip-tls-verify is true')] : []),
    ...(stageOfPath('ImageReview', url.pathname) === undefined
      ? [finding('GATE_PATH_UNKNOWN', place, `its server is ${server.value}`)]
      : []),
  ];
}

function examineAuthority(
  { authority, served, opened }: KubeconfigMaterial,
  { server, isUnverified }: WrittenGateWay,
  { now }: NodeMaterial,
): readonly Finding[] {
  if (isUnverified || server === undefined || !server.value.startsWith('https:')) return [];
  const subject = authority?.place ?? opened.file;
  if (authority !== undefined && authority.text === undefined)
    return [finding('CA_UNREADABLE', subject, 'there is no such file')];
  const chain = served === undefined || typeof served.chain === 'string' ? undefined : served.chain;
  const trusting = {
    subject,
    trust: authority?.text,
    serverName: served?.serverName ?? '',
    served: chain === undefined || served === undefined ? undefined : { subject: served.address, chain },
  };
  return examineTrust(trusting, now);
}

function examineUnseen({ served }: KubeconfigMaterial, isOnNode: boolean): readonly Finding[] {
  if (served === undefined || typeof served.chain !== 'string') return [];
  return [finding(isOnNode ? 'GATE_UNREACHABLE' : 'CERTIFICATE_UNSEEN', served.address, served.chain)];
}
