import { EventQueue } from "./event-queue.js";

/**
 * Starts work that tells of its progress by callback, and yields what it tells, in order, until it has settled.
 *
 * @param work called once; whatever it pushes is yielded, also what it pushed before it failed
 * @returns what the work returned. A failure of the work is thrown after its last event.
 */
export async function* relayEvents<Event, Result>(
  work: (push: (event: Event) => void) => Promise<Result>,
): AsyncGenerator<Event, Result, void> {
  const queue = new EventQueue<Event>(Number.POSITIVE_INFINITY);
  const running = work((event) => void queue.push(event));
  running.then(
    () => queue.end(),
    () => queue.end(),
  );
  yield* queue;
  return running;
}
