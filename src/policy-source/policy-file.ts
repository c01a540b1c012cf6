import { CodedError } from '../coded-error.ts';
import { type BoundedReader, readBounded } from '../file/bounded-file.ts';

/** Largest policy file, in bytes: the limit of a ConfigMap. */
export const MAX_POLICY_BYTES = 1024 * 1024;

/** Largest policy that is read without a thread, in bytes: some 50 milliseconds. */
export const MAX_BYTES_WITHOUT_THREAD = 64 * 1024;

export type PolicyFileErrorCode =
  | 'POLICY_UNREADABLE'
  | 'POLICY_TOO_LARGE'
  | 'POLICY_SYNTAX'
  | 'POLICY_INVALID';

/** A policy cannot be loaded. The message has one line for each problem: `file:line:column: path: what (hint)`. */
export class PolicyFileError extends CodedError<PolicyFileErrorCode> {
  override readonly name = 'PolicyFileError';
  /** `file:line:column` of the first problem, or the file alone if the problem has no line. */
  readonly place: string;

  constructor(code: PolicyFileErrorCode, message: string, place: string, options?: ErrorOptions) {
    super(code, message, options);
    this.place = place;
  }
}

/**
 * The bytes of a policy file.
 * @throws {PolicyFileError} POLICY_UNREADABLE or POLICY_TOO_LARGE.
 */
export async function readPolicyBytes(file: string, read: BoundedReader = readBounded): Promise<Uint8Array> {
  const bytes = await read(file, MAX_POLICY_BYTES).catch((cause: unknown) => {
    throw policyUnreadable(file, cause instanceof Error ? cause.message : String(cause), { cause });
  });
  if (bytes !== undefined) return bytes;
  const message = `${file}: the policy has more than ${MAX_POLICY_BYTES} bytes, the maximum`;
  throw new PolicyFileError('POLICY_TOO_LARGE', message, file);
}

/** The error POLICY_UNREADABLE with its sentence. */
export function policyUnreadable(file: string, why: string, options?: ErrorOptions): PolicyFileError {
  return new PolicyFileError(
    'POLICY_UNREADABLE',
    `${file}: the policy cannot be read: ${why}`,
    file,
    options,
  );
}
