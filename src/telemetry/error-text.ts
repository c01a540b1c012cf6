/** What a log may say about an error. */
export interface ErrorText {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: ErrorText;
}

const MAX_CHARACTERS = 4096;
const MAX_CAUSES = 4;

/**
 * An error by an allow-list. Clients hang requests, headers and configuration on theirs, with bearer tokens and
 * passwords in them; none of that is looked at.
 */
export function renderError(error: unknown, depth = 0): ErrorText {
  if (!(error instanceof Error))
    return { name: typeof error, message: 'something that is no error was thrown' };
  const { name, message, stack, cause } = error;
  return {
    name: clip(name),
    ...('code' in error && typeof error.code === 'string' ? { code: clip(error.code) } : {}),
    message: clip(message),
    ...(stack === undefined ? {} : { stack: clip(stack) }),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: renderError(cause, depth + 1) }),
  };
}

/** Typed as texts, but an error is what somebody threw. */
function clip(text: unknown): string {
  return typeof text === 'string' ? text.slice(0, MAX_CHARACTERS) : typeof text;
}
