/** The parts of an error that may be logged. */
interface ErrorText {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: ErrorText;
}

const MAX_CHARACTERS = 4096;
const MAX_CAUSES = 4;

/**
 * Renders an error by an allow-list. Errors of HTTP clients have properties such as request, headers and configuration,
 * with tokens and passwords in them; these are not read.
 */
export function renderError(error: unknown, depth = 0): ErrorText {
  if (!(error instanceof Error))
    return { name: typeof error, message: 'a value that is no error was thrown' };
  const { name, message, stack, cause } = error;
  return {
    name: clip(name),
    ...('code' in error && typeof error.code === 'string' ? { code: clip(error.code) } : {}),
    message: clip(message),
    ...(stack === undefined ? {} : { stack: clip(stack) }),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: renderError(cause, depth + 1) }),
  };
}

/** The types say string, but any value can be thrown as an error. */
function clip(text: unknown): string {
  return typeof text === 'string' ? text.slice(0, MAX_CHARACTERS) : typeof text;
}
