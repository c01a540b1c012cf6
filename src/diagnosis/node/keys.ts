import { finding, type Finding } from '../finding.ts';
import type { NodeMaterial } from './material.ts';

/** Whether private keys are for their owner alone. */
export function examineKeys({ keys }: NodeMaterial): readonly Finding[] {
  return keys
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, mode }) =>
      finding('KEY_READABLE', path, `its mode is 0${mode.toString(8)}`, `chmod 600 ${path}`),
    );
}
