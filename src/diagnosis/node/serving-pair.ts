import { CertificateError } from '../../certificate/errors.ts';
import { verifyKeyPair } from '../../certificate/inspect.ts';
import { finding, type Finding } from '../finding.ts';
import type { NodeMaterial } from './material.ts';

/** Whether the gate on this node can serve with its pair, and does. */
export function examineServingPair({ serving, kubeconfig }: NodeMaterial): readonly Finding[] {
  if (serving === undefined) return [];
  const { certificateFile: subject, certificate, key = '' } = serving;
  try {
    const leaf = verifyKeyPair({ certificate, key });
    const { served } = kubeconfig ?? {};
    const [shown] = served === undefined || typeof served.chain === 'string' ? [] : served.chain;
    if (served === undefined || shown === undefined || shown.raw.equals(leaf.raw)) return [];
    return [
      finding('CERTIFICATE_STALE', served.address, `it serves another certificate than that of ${subject}`),
    ];
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return [finding('SERVING_PAIR_UNUSABLE', subject, error.message)];
  }
}
