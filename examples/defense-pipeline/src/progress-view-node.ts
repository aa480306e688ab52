import type { PipelineEvent } from "./pipeline-event.js";

/** Draws events on a stream: one live line on a terminal, one line a step (and every ten seconds) elsewhere. */
export class ProgressView {
  readonly #stream: NodeJS.WriteStream;
  #title = "";
  #started = 0;
  #lastDrawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Shows one event. */
  show(event: PipelineEvent): void {
    const now = Date.now();
    switch (event.type) {
      case "step-start":
        this.#title = event.title;
        this.#started = now;
        this.#lastDrawn = now;
        if (this.#stream.isTTY) this.#stream.write(`  ${event.title}`);
        break;
      case "progress": {
        if (now - this.#lastDrawn < (this.#stream.isTTY ? 100 : 10_000)) return;
        this.#lastDrawn = now;
        const percent = Math.floor((100 * event.done) / Math.max(1, event.total));
        const seconds = ((now - this.#started) / 1000).toFixed(0);
        const line = `  ${this.#title}: ${percent} % (${event.done}/${event.total}), ${seconds} s${event.detail ? `, ${event.detail}` : ""}`;
        this.#stream.write(
          this.#stream.isTTY ? `\r\x1b[2K${line.slice(0, (this.#stream.columns ?? 120) - 1)}` : `${line}\n`,
        );
        break;
      }
      case "step-end": {
        const how = event.resumed ? "kept from the earlier run" : `${event.seconds.toFixed(1)} s`;
        const line = `  ${this.#title} - ${event.summary} (${how})\n`;
        this.#stream.write(this.#stream.isTTY ? `\r\x1b[2K${line}` : line);
        break;
      }
      case "results":
        break;
    }
  }
}
