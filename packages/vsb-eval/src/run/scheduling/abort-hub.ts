/** One listener on a signal that serves any number of waiters (a signal warns of a leak above ten listeners). */
export class AbortHub {
  readonly #callbacks = new Set<() => void>();

  /** @param signal the signal to follow. */
  constructor(readonly signal: AbortSignal) {
    signal.addEventListener(
      "abort",
      () => {
        for (const callback of [...this.#callbacks]) callback();
      },
      { once: true },
    );
  }

  /** Calls back once on abort; returns a function that forgets the callback. */
  onAbort(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }
}
