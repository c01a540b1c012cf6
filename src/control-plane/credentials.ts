/** The names of keys whose values are credentials, at their end. */
const CREDENTIAL = /(?:token|password|passphrase|secret|key-?data|api-?key|private-?key)$/i;

const ENTRY =
  /(["']?)([\w.-]+)\1(\s*:\s+|\s*:(?=["']))("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'{}[\],#&*|>][^,}\]#]*)/g;

const KEY_BLOCK = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** What stands in the place of a credential. */
const HIDDEN = '[hidden]';
const NEW = '[hidden, another value]';

/** A URL without the name and the password that it may have before its host. */
export function hideUserInfo(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, `//${HIDDEN}@`);
}

/** The part of a URL behind its name and password; the whole URL if it has none. */
export function behindUserInfo(url: string): string {
  return url.replace(/^[^/]*\/\/[^/?#]*@/, '');
}

/** Hides credentials in the texts of one file, so that a difference of them can be shown. */
export class CredentialScreen {
  readonly #seen = new Set<string>();
  readonly #isFirst: boolean;

  /** @param earlier the screen of the earlier text: its values are not called new */
  constructor(earlier?: CredentialScreen) {
    this.#isFirst = earlier === undefined;
    if (earlier !== undefined) this.#seen = earlier.#seen;
  }

  /** The text with the same lines, without the values of credential fields and without private keys. */
  hide(text: string): string {
    const keyless = text.replaceAll(KEY_BLOCK, (block) =>
      block
        .split('\n')
        .map(() => this.#mark(block))
        .join('\n'),
    );
    const lines = keyless.split('\n');
    const hidden: string[] = [];
    for (let index = 0; index < lines.length; index += 1) {
      const line = lines[index] ?? '';
      const found = findValue(lines, index);
      if (found === undefined) {
        hidden.push(this.#hideEntries(line, lines[index - 1] ?? ''));
        continue;
      }
      hidden.push(
        `${found.head}${this.#mark(
          lines
            .slice(index, found.end + 1)
            .join('\n')
            .trim(),
        )}`,
      );
      for (; index < found.end; index += 1) hidden.push(HIDDEN);
    }
    return hidden.join('\n');
  }

  /** The entries of one line: `key: value`, also several in braces, and `value` below the `name` of a variable. */
  #hideEntries(line: string, before: string): string {
    const [, variable = ''] = /\bname:\s*["']?([\w.-]+)/.exec(before) ?? [];
    return line.replaceAll(ENTRY, (entry, quote: string, key: string, colon: string, value: string) => {
      const isCredential = CREDENTIAL.test(key) || (key === 'value' && CREDENTIAL.test(variable));
      if (!isCredential || /^(?:true|false|null)\s*$/.test(value)) return entry;
      return `${quote}${key}${quote}${colon}${this.#mark(value.trim())}`;
    });
  }

  #mark(value: string): string {
    if (!this.#isFirst) return this.#seen.has(value) ? HIDDEN : NEW;
    this.#seen.add(value);
    return HIDDEN;
  }
}

/** A credential whose key begins a line: the text before its value, and the last line of the value. */
function findValue(
  lines: readonly string[],
  index: number,
): { readonly head: string; readonly end: number } | undefined {
  const [, head = '', indent = '', key = '', value = ''] =
    /^((\s*(?:- )*)["']?([\w.-]+)["']?\s*:\s*)(.*)$/.exec(lines[index] ?? '') ?? [];
  if (!CREDENTIAL.test(key) || /^(?:[{[]|(?:true|false|null)\s*$)/.test(value)) return undefined;
  const [quote] = /^["']/.exec(value) ?? [];
  if (quote !== undefined) {
    if (isClosed(value, quote)) return { head, end: index };
    const end = lines.findIndex((one, at) => at > index && one.includes(quote));
    return { head, end: end === -1 ? lines.length - 1 : end };
  }
  // A map below the key has keys of its own.
  if (value === '' && /^\s*(?:- )?["']?[\w.-]+["']?\s*:/.test(lines[index + 1] ?? '')) return undefined;
  const next = lines.findIndex((one, at) => at > index && one.trim() !== '' && !isDeeper(one, indent.length));
  const last = next === -1 ? lines.length : next;
  const end = lines.findLastIndex((one, at) => at < last && one.trim() !== '');
  return value === '' && end === index ? undefined : { head, end };
}

function isClosed(value: string, quote: string): boolean {
  return quote === '"' ? /^"(?:[^"\\]|\\.)*"/.test(value) : /^'(?:[^']|'')*'/.test(value);
}

function isDeeper(line: string, indent: number): boolean {
  return line.length - line.trimStart().length > indent;
}
