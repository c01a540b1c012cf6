import { renderPolicySchema } from '../../policy/schema.ts';
import type { ExitCode, Streams } from '../streams.ts';

/** Prints the JSON Schema of `ImageAdmissionPolicy`. */
export async function printPolicySchema({ stdout }: Streams): Promise<ExitCode> {
  stdout.write(`${JSON.stringify(renderPolicySchema(), null, 2)}\n`);
  return 0;
}
