import { createContext, Script } from "node:vm";
import { TokenizerError } from "../errors.js";

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
 * and patterns from files that somebody else wrote. Costs some tenths of a millisecond, for V8 starts a thread to watch; work
 * within work that is watched is under that watch, and costs nothing. Work is pure: where the machine gave the process no
 * processor in that time, it is begun again.
 *
 * @throws DeadlineExceeded, and whatever the work throws.
 */
export function withDeadline<T>(work: () => T, milliseconds = 5000): T {
  if (context.work !== null) return work();
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

/**
 * One watch over all that a prompt or a sample takes, in place of one per text.
 *
 * @throws TokenizerError when it takes too long, and whatever the work throws.
 */
export function preparedInTime<T>(work: () => T): T {
  try {
    return withDeadline(work);
  } catch (cause) {
    if (!(cause instanceof DeadlineExceeded)) throw cause;
    throw new TokenizerError(
      `the prompt cannot be made: ${cause.message}; shorten it, or take the published tokenizer.json and chat template`,
      { cause },
    );
  }
}

function runWithin<T>(work: () => T, milliseconds: number): T {
  let result: { readonly value: T } | undefined;
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
    context.work = null;
  }
  return (result as { readonly value: T }).value;
}
