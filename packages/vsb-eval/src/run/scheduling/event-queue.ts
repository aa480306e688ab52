/** Events waiting for a consumer; `push` resolves when the backlog is short enough to go on. */
export class EventQueue<Event> implements AsyncIterable<Event> {
  readonly #capacity: number;
  #events: Event[] = [];
  #failure: { readonly error: unknown } | null = null;
  #ended = false;
  #wakeConsumer: (() => void) | null = null;
  #wakeProducers: (() => void)[] = [];

  /** @param capacity events held before producers wait. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds an event. */
  push(event: Event): Promise<void> | undefined {
    if (this.#ended) return undefined;
    this.#events.push(event);
    this.#wakeConsumer?.();
    if (this.#events.length < this.#capacity) return undefined;
    return new Promise((resolve) => this.#wakeProducers.push(resolve));
  }

  /** No more events; the consumer gets what is left, then the error if one is given. */
  end(failure?: { readonly error: unknown }): void {
    this.#ended = true;
    this.#failure = failure ?? null;
    this.#wakeConsumer?.();
    this.#release();
  }

  #release(): void {
    const waiting = this.#wakeProducers;
    this.#wakeProducers = [];
    for (const wake of waiting) wake();
  }

  /** Yields events in order until {@link EventQueue.end}. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    for (;;) {
      const events = this.#events;
      this.#events = [];
      this.#release();
      yield* events;
      if (this.#events.length > 0) continue;
      if (this.#ended) {
        if (this.#failure !== null) throw this.#failure.error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
      });
      this.#wakeConsumer = null;
    }
  }
}
