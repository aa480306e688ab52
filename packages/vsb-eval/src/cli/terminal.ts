/** Where a command writes: results to `out`, progress and complaints to `err`. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** Progress and errors. */
  err(text: string): void;
  /** Whether `err` is a terminal that can overwrite its line. */
  readonly interactive: boolean;
}

/** Seconds as `1 h 02 min`, `3 min 20 s` or `8 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole >= 3600)
    return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${whole} s`;
}

/** A progress line with an ETA: at most four a second on a terminal, one in ten seconds elsewhere. */
export function createProgress(terminal: Terminal): {
  update(done: number, total: number, note: string): void;
  end(): void;
} {
  const start = performance.now();
  const pause = terminal.interactive ? 250 : 10_000;
  let last = Number.NEGATIVE_INFINITY;
  let first: { readonly done: number; readonly at: number } | null = null;
  return {
    update(done, total, note) {
      const now = performance.now();
      if (now - last < pause && done < total) return;
      last = now;
      first ??= { done, at: now };
      const rate = done > first.done ? (now - first.at) / (done - first.done) : null;
      const eta = rate === null || done >= total ? "" : `, about ${duration(((total - done) * rate) / 1000)} left`;
      const line = `${done}/${total} (${((100 * done) / Math.max(total, 1)).toFixed(1)} %) in ${duration((now - start) / 1000)}${eta}${note}`;
      terminal.err(terminal.interactive ? `\r\u001b[K${line}` : `${line}\n`);
    },
    end() {
      if (terminal.interactive) terminal.err("\n");
    },
  };
}
