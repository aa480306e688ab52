/** What was found out about something, and what that took. */
export interface Kept<Found> {
  /** The finding. */
  readonly found: Found;
  /** Processor time, in milliseconds. */
  readonly milliseconds: number;
}

/** Processor time of this process so far, in milliseconds: on a busy machine a clock measures the others. */
export function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Findings by a key that names all that they depend on. What comes again is not found out again, but costs what it cost the first time:
 * a price must not depend on what was asked before.
 */
export class Remembered<Asked, Ready, Found> {
  readonly #kept = new Map<string, Kept<Found>>();

  /**
   * @param prepare makes one ready, and says what that took, or took when it was first done
   * @param find findings of several, in order; what it takes is shared among them equally
   */
  constructor(
    private readonly prepare: (asked: Asked) => Promise<{ readonly ready: Ready; readonly milliseconds: number }>,
    private readonly find: (ready: readonly Ready[], signal?: AbortSignal) => Promise<readonly Found[]>,
  ) {}

  /** Findings of several, in order; equal keys are asked about once. */
  async of(
    pieces: readonly { readonly key: string; readonly asked: Asked }[],
    signal?: AbortSignal,
  ): Promise<Kept<Found>[]> {
    const missing = new Map<string, Asked>();
    for (const { key, asked } of pieces) if (!this.#kept.has(key)) missing.set(key, asked);
    const prepared: { readonly ready: Ready; readonly milliseconds: number }[] = [];
    for (const asked of missing.values()) {
      signal?.throwIfAborted();
      prepared.push(await this.prepare(asked));
    }
    if (prepared.length > 0) {
      const started = processorMilliseconds();
      const found = await this.find(
        prepared.map(({ ready }) => ready),
        signal,
      );
      if (found.length !== prepared.length)
        throw new RangeError(`expected ${prepared.length} findings, found ${found.length}`);
      const shared = (processorMilliseconds() - started) / prepared.length;
      for (const [i, key] of [...missing.keys()].entries())
        this.#kept.set(key, {
          found: found[i] as Found,
          milliseconds: shared + (prepared[i] as { milliseconds: number }).milliseconds,
        });
    }
    return pieces.map(({ key }) => this.#kept.get(key) as Kept<Found>);
  }
}
