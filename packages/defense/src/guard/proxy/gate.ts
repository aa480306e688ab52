import { OverloadedError } from "@videosafety/endpoint/server";

/** Lets some work run at a time and a bounded number wait, first come, first served. */
export interface Gate {
  /** Running or waiting. */
  readonly held: number;
  /** @throws OverloadedError when too much waits; the signal's reason when it aborts while waiting */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** @param limits `running` at a time, `waiting` beside them. */
export function createGate({ running, waiting }: { readonly running: number; readonly waiting: number }): Gate {
  let active = 0;
  const queue: (() => void)[] = [];
  const enter = async (signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted();
    if (active < running) {
      active++;
      return;
    }
    if (queue.length >= waiting)
      throw new OverloadedError(`expected at most ${running + waiting} requests at the guard: try again later`);
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        queue.splice(queue.indexOf(go), 1);
        reject(signal?.reason);
      };
      const go = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      signal?.addEventListener("abort", leave, { once: true });
      queue.push(go);
    });
  };
  return {
    get held() {
      return active + queue.length;
    },
    async run(work, signal) {
      await enter(signal);
      try {
        return await work();
      } finally {
        const next = queue.shift();
        if (next === undefined) active--;
        else next();
      }
    },
  };
}
