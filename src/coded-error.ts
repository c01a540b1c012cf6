/**
 * A failure that programs recognise by its code. Each folder has a subclass with a name and a closed list of codes of its
 * own. The message has its subject first.
 */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
