/** Results of texts that come again: so many, the oldest leave first; what longer texts give is not kept. */
export class KeptResults<Result> {
  readonly #kept = new Map<string, Result>();
  readonly #most: number;
  readonly #longest: number;

  /** @param most results that are kept; @param longest characters of a text whose result is kept */
  constructor(most: number, longest: number) {
    this.#most = most;
    this.#longest = longest;
  }

  get(text: string): Result | undefined {
    return this.#kept.get(text);
  }

  keep(text: string, result: Result): void {
    if (text.length > this.#longest) return;
    this.#kept.set(text, result);
    if (this.#kept.size > this.#most) this.#kept.delete(this.#kept.keys().next().value as string);
  }
}
