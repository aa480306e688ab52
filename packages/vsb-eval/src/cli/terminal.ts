/** Where a command writes: results to `out`, progress and complaints to `err`. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** Progress and errors. */
  err(text: string): void;
  /** Whether `err` is a terminal that can overwrite its line. */
  readonly interactive: boolean;
  /** Columns of the terminal, asked for at each line; default 80. */
  readonly columns?: () => number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is shown.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Text of servers, models and files as it may be shown: control characters (cursor movements, colours, titles, reversed
 * writing) become `\\u001b` and the like, which in JSON is the same text. Line feed and tab stay.
 */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A terminal that shows nothing but {@link visible} text. */
export function visibleTerminal(terminal: Terminal): Terminal {
  return {
    interactive: terminal.interactive,
    ...(terminal.columns === undefined ? {} : { columns: terminal.columns }),
    out: (text) => terminal.out(visible(text)),
    err: (text) => terminal.err(visible(text)),
  };
}

/** Seconds as `1 h 02 min`, `3 min 20 s` or `8 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole >= 3600)
    return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${whole} s`;
}

/** A progress line that stands below everything else that is written. */
export interface Progress {
  /** Shows the line; too frequent calls do nothing. */
  update(done: number, total: number, note: string): void;
  /** Writes a line of its own above the progress. */
  say(text: string): void;
  /** Leaves the last line standing. */
  end(): void;
}

const CLEAR = "\r\u001b[K";

/**
 * A progress line with an ETA: at most four a second on a terminal, one in ten seconds elsewhere. On a terminal it is cut to the
 * width, since a line that wraps cannot be overwritten.
 *
 * @param terminal the raw one: the line moves the cursor
 */
export function createProgress(terminal: Terminal): Progress {
  const start = performance.now();
  const pause = terminal.interactive ? 250 : 10_000;
  let last = Number.NEGATIVE_INFINITY;
  let first: { readonly done: number; readonly at: number } | null = null;
  let shown = "";
  return {
    update(done, total, note) {
      const now = performance.now();
      if (now - last < pause && done < total) return;
      last = now;
      first ??= { done, at: now };
      const rate = done > first.done ? (now - first.at) / (done - first.done) : null;
      const eta = rate === null || done >= total ? "" : `, about ${duration(((total - done) * rate) / 1000)} left`;
      const line = visible(
        `${done}/${total} (${((100 * done) / Math.max(total, 1)).toFixed(1)} %) in ${duration((now - start) / 1000)}${eta}${note}`,
      );
      if (!terminal.interactive) {
        if (line !== shown) terminal.err(`${line}\n`);
        shown = line;
        return;
      }
      shown = line.slice(0, Math.max(10, (terminal.columns?.() ?? 80) - 1));
      terminal.err(`${CLEAR}${shown}`);
    },
    say(text) {
      const line = `${visible(text)}\n`;
      terminal.err(terminal.interactive && shown !== "" ? `${CLEAR}${line}${shown}` : line);
    },
    end() {
      if (terminal.interactive && shown !== "") terminal.err("\n");
      shown = "";
    },
  };
}
