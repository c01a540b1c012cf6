/** The label of what came after there was no more room. */
export const OTHER = 'other';

const MAX_CHARACTERS = 256;

/**
 * Values of a label that a requester, or a policy, can invent: the first `limit` of them, then `other`. A series
 * costs memory for as long as the process lives (CVE-2026-49835).
 */
export class BoundedLabels {
  readonly #known = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  labelOf(value: string): string {
    const text = value.length > MAX_CHARACTERS ? value.slice(0, MAX_CHARACTERS) : value;
    if (this.#known.has(text)) return text;
    if (this.#known.size >= this.#limit) return OTHER;
    this.#known.add(text);
    return text;
  }
}
