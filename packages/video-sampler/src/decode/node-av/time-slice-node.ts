/** Work this long, then let the event loop breathe. */
const SLICE_MS = 12;

/** Cuts long synchronous work into slices, so that timers, signals and other work get their turn between them. */
export class TimeSlice {
  #start = 0;

  /** Called between pieces of work; waits one turn of the event loop when a slice is over. @throws the signal's reason */
  async breathe(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (performance.now() - this.#start < SLICE_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#start = performance.now();
    signal?.throwIfAborted();
  }
}
