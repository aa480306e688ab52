import { type JsonlAppender, openJsonlAppender, readJsonl } from "@videosafety/safety-data/node";
import type { LoggedEvent, RewardRow, RunEvent } from "./run-event.js";

/** The events of a run, one JSON line each. A run that is resumed goes on in the same file; steps that are done again stand there twice. */
export class EventLog {
  private constructor(private readonly file: JsonlAppender) {}

  static async open(path: string): Promise<EventLog> {
    return new EventLog(await openJsonlAppender(path, { sync: false }));
  }

  /** Adds an event. */
  add(event: RunEvent): Promise<void> {
    return this.file.append([{ time: new Date().toISOString(), ...event }]);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Events of a run's log; of steps and rollouts that a resumed run did again the last, so that they read as one run. Empty without a log. */
export async function readEvents(path: string): Promise<LoggedEvent[]> {
  const events = new Map<string, LoggedEvent>();
  let other = 0;
  try {
    // A line that a killed process left torn is passed over; the next opening of the log cuts it off.
    for await (const event of readJsonl<LoggedEvent>(path, { onError: "skip" })) {
      const key = keyOf(event) ?? `other ${other++}`;
      events.delete(key);
      events.set(key, event);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return [...events.values()];
}

function keyOf(event: LoggedEvent): string | null {
  switch (event.type) {
    case "training":
      return `${event.stage} ${event.event.type} ${event.event.step}`;
    case "reinforcing":
      return event.event.type === "rollout" || event.event.type === "rewards"
        ? `${event.stage} ${event.event.type} r${event.event.rollout}`
        : `${event.stage} ${event.event.type} ${event.event.step}${"rule" in event.event ? event.event.rule : ""}`;
    case "rewards":
      return `${event.stage} row ${event.row.rollout}`;
    case "stage-start":
    case "stage-end":
      return `${event.stage} ${event.type}`;
    default:
      return null;
  }
}

/** Rewards over time of a stage, in order of rollouts. */
export function rewardRows(events: readonly RunEvent[], stage: string): RewardRow[] {
  return events
    .flatMap((event) => (event.type === "rewards" && event.stage === stage ? [event.row] : []))
    .sort((a, b) => a.rollout - b.rollout);
}
