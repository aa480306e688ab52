import { createContext, Script } from "node:vm";

const context = createContext({ work: null });
const script = new Script("work()");

/** Raised when work took longer than it may. */
export class DeadlineExceeded extends Error {
  constructor(milliseconds: number) {
    super(`it was stopped after ${milliseconds / 1000} seconds`);
    this.name = "DeadlineExceeded";
  }
}

/** How often work is begun again that a machine without a free processor stopped, not its own length. */
const MOST_STALLS = 5;

/**
 * Runs synchronous work for some time at most, regular expressions included: V8 stops them where they stand. For templates
 * and patterns from files that somebody else wrote. Costs about a tenth of a millisecond. Work is pure: where the
 * machine gave the process no processor in that time, it is begun again.
 *
 * @throws DeadlineExceeded, and whatever the work throws.
 */
export function withDeadline<T>(work: () => T, milliseconds = 5000): T {
  for (let stalls = 0; ; stalls++) {
    const before = process.cpuUsage();
    try {
      return runWithin(work, milliseconds);
    } catch (cause) {
      const { user, system } = process.cpuUsage(before);
      // The watch counts wall time: a process that hardly ran in it was waiting for a processor.
      const stalled = (user + system) / 1000 < milliseconds / 2;
      if (!(cause instanceof DeadlineExceeded && stalled && stalls < MOST_STALLS)) throw cause;
    }
  }
}

function runWithin<T>(work: () => T, milliseconds: number): T {
  let result: { readonly value: T } | undefined;
  const outer = context.work;
  context.work = () => {
    result = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: milliseconds });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      throw new DeadlineExceeded(milliseconds);
    throw cause;
  } finally {
    context.work = outer;
  }
  return (result as { readonly value: T }).value;
}
