import { createProgress, duration, type Progress } from "@videosafety/vsb-eval/pages";
import type { Terminal } from "../command/command.js";
import { progressOf, type RunEvent } from "./run-event.js";

/** Draws a run on a terminal: one line that moves, with an ETA; elsewhere a line every ten seconds. */
export class ProgressLines {
  #progress: Progress | null = null;
  #of = "";

  constructor(private readonly terminal: Terminal) {}

  /** Shows one event. */
  show(event: RunEvent): void {
    const at = progressOf(event);
    if (at !== null) {
      const of = `${at.stage} ${event.type}`;
      if (of !== this.#of) {
        this.#progress?.end();
        this.#progress = createProgress(this.terminal);
        this.#of = of;
      }
      this.#progress?.update(at.done, at.total, `, ${at.stage}: ${at.note}`);
      return;
    }
    if (event.type === "note") this.#say(`${event.stage === null ? "" : `${event.stage}: `}${event.message}`);
    else if (event.type === "stage-kept") this.#say(`${event.stage}: kept from before (${event.summary})`);
    else if (event.type === "stage-start")
      this.#say(
        `${event.stage}: stage ${event.number} on ${event.items} items${event.resumedAt === null ? "" : `, resumed at ${event.resumedAt}`}`,
      );
    else if (event.type === "stage-end") {
      this.#end();
      this.#say(`${event.stage}: ${event.summary} (${duration(event.seconds)})`);
    } else if (event.type === "reinforcing" && event.event.type === "alarm")
      this.#say(`${event.stage}: alarm ${event.event.rule}: ${event.event.message}`);
    else if (event.type === "run-end") this.#end();
  }

  #say(text: string): void {
    if (this.#progress === null) this.terminal.err(`${text}\n`);
    else this.#progress.say(text);
  }

  #end(): void {
    this.#progress?.end();
    this.#progress = null;
    this.#of = "";
  }
}
