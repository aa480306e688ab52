/** Runs tasks side by side, with a bound on how many, and remembers the first failure. */
export class TaskGroup {
  readonly #limit: number;
  readonly #onFailure: (error: unknown) => void;
  #running = 0;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void)[] = [];

  /** @param limit most tasks at a time; @param onFailure called once, at the first failure. */
  constructor(limit: number, onFailure: (error: unknown) => void) {
    this.#limit = limit;
    this.#onFailure = onFailure;
  }

  /** Whether a task has failed. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Starts a task as soon as there is room; resolves when it has started. */
  async start(task: () => Promise<void>): Promise<void> {
    await this.#below(this.#limit);
    this.#running++;
    task()
      .catch((error: unknown) => {
        if (this.#failure !== null) return;
        this.#failure = { error };
        this.#onFailure(error);
      })
      .finally(() => {
        this.#running--;
        const waiting = this.#wake;
        this.#wake = [];
        for (const wake of waiting) wake();
      });
  }

  /** Waits for every task, then throws the first failure, if any. */
  async drain(): Promise<void> {
    await this.#below(1);
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #below(limit: number): Promise<void> {
    while (this.#running >= limit) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }
}
