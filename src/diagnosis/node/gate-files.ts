import { CertificateError } from '../../certificate/errors.ts';
import { verifyKeyPair } from '../../certificate/inspect.ts';
import { findUseFaults } from '../../certificate/use.ts';
import { forbidsThreads, GATE_POD } from '../../control-plane/gate-command.ts';
import { finding, type Finding } from '../finding.ts';
import { remedy, shellCommand } from '../remedy.ts';
import type { NodeMaterial } from './material.ts';

/** Checks that the gate on this node can serve with its pair, and that it serves this pair. */
export function examineServingPair({ serving, kubeconfig }: NodeMaterial): readonly Finding[] {
  if (serving === undefined) return [];
  const { certificateFile: subject, certificate, key = '' } = serving;
  try {
    const leaf = verifyKeyPair({ certificate, key });
    const { served } = kubeconfig ?? {};
    const [shown] = served === undefined || typeof served.chain === 'string' ? [] : served.chain;
    if (served !== undefined && shown?.raw.equals(leaf.raw) === true) return [];
    const faults = findUseFaults(leaf, 'server').map((fault) =>
      finding('CERTIFICATE_UNSUITABLE', subject, fault),
    );
    if (served === undefined || shown === undefined) return faults;
    return [
      ...faults,
      finding('CERTIFICATE_STALE', served.address, `it serves another certificate than that of ${subject}`),
    ];
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return [finding('SERVING_PAIR_UNUSABLE', subject, error.message)];
  }
}

/** Private keys that other users can read. */
export function examineKeys({ keys }: NodeMaterial): readonly Finding[] {
  return keys
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, mode }) =>
      finding(
        'KEY_READABLE',
        path,
        `its mode is 0${mode.toString(8)}`,
        remedy`${shellCommand('chmod', '600', path)}`,
      ),
    );
}

/** A unit or a static pod whose Node may not start the thread that reads policies. */
export function examineRunners({ runners }: NodeMaterial): readonly Finding[] {
  return runners
    .filter(({ text }) => forbidsThreads(text.replaceAll(/^\s*#.*$/gm, '').match(/--[\w-]+/g) ?? []))
    .map(({ file }) => finding('GATE_THREAD_FORBIDDEN', file, 'it has --permission without --allow-worker'));
}

/** A static pod of the gate without its files: an uninstall by hand leaves it. */
export function examineLeftovers({ besides, inFolder, folder }: NodeMaterial): readonly Finding[] {
  if (!besides.includes(GATE_POD) || inFolder.includes('pki')) return [];
  return [
    finding('LEFTOVER_FILES', GATE_POD, `the kubelet starts it, and ${folder} has no certificates for it`),
  ];
}
