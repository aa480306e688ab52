import { duration, html, REPORT_STYLE, raw } from "@videosafety/vsb-eval/pages";
import { stageCharts } from "./run-charts.js";
import { type LoggedEvent, progressOf } from "./run-event.js";

/** Where a stage stands. */
interface StageState {
  readonly name: string;
  readonly state: "waiting" | "running" | "done" | "kept";
  readonly done: number;
  readonly total: number;
  readonly note: string;
  readonly leftSeconds: number | null;
}

/** How each stage stands after some events. */
export function stageStates(events: readonly LoggedEvent[]): StageState[] {
  const start = events.findLast((event) => event.type === "run-start");
  return (start?.type === "run-start" ? start.stages : []).map((name) => {
    const own = events.filter((event) => "stage" in event && event.stage === name);
    const end = own.findLast(({ type }) => type === "stage-end" || type === "stage-kept");
    const steps = own.filter((event) => event.type !== "preparing" && progressOf(event) !== null);
    const last = own.findLast((event) => progressOf(event) !== null);
    const { done = 0, total = 0, note = "" } = (last && progressOf(last)) ?? {};
    const summary = end?.type === "stage-end" || end?.type === "stage-kept" ? end.summary : note;
    const state =
      end !== undefined ? (end.type === "stage-kept" ? "kept" : "done") : own.length > 0 ? "running" : "waiting";
    return {
      name,
      state,
      done,
      total,
      note: summary,
      leftSeconds: state === "running" ? leftSeconds(steps, total) : null,
    };
  });
}

/** By the last steps, at most fifty. */
function leftSeconds(steps: readonly LoggedEvent[], total: number): number | null {
  const recent = steps.slice(-50);
  const [first, last] = [recent[0], recent.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const [from, to] = [progressOf(first)?.done ?? 0, progressOf(last)?.done ?? 0];
  const seconds = (Date.parse(last.time) - Date.parse(first.time)) / 1000;
  return to > from ? ((total - to) * seconds) / (to - from) : null;
}

/**
 * A run as one HTML file without scripts or outside references. While the run goes the page loads itself again every few seconds.
 *
 * @param refreshSeconds null: no process goes on with it now; whether it is finished the events say
 */
export function runPage(title: string, events: readonly LoggedEvent[], refreshSeconds: number | null): string {
  const states = stageStates(events);
  const now =
    refreshSeconds !== null
      ? "Running; this page loads itself again."
      : events.at(-1)?.type === "run-end"
        ? "Finished."
        : "Stopped before its end; train with --resume goes on.";
  const notes = events.flatMap((event) => (event.type === "note" ? [event] : []));
  const alarms = events.flatMap((event) =>
    event.type === "reinforcing" && event.event.type === "alarm" ? [{ stage: event.stage, ...event.event }] : [],
  );
  const rows = states.map(
    ({ name, state, done, total, note, leftSeconds: left }) =>
      html`<tr><td>${name}</td><td class="wrap">${state}</td><td>${total === 0 ? "" : `${done} / ${total}`}</td><td>${left === null ? "" : duration(left)}</td><td class="wrap">${note}</td></tr>`,
  );
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
${refreshSeconds === null ? null : html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${title}</title><style>${raw(REPORT_STYLE)}.charts{display:flex;flex-wrap:wrap;gap:12px 18px}.charts svg{width:360px;max-width:100%}</style></head><body>
<h1>${title}</h1><p class="muted">${now} Last event ${events.at(-1)?.time ?? "none"}.</p>
<div class="scroll"><table><thead><tr><th>stage</th><th>state</th><th>steps</th><th>left, about</th><th></th></tr></thead><tbody>${rows}</tbody></table></div>
${alarms.length === 0 ? null : html`<h2>Alarms</h2><ul>${alarms.map(({ stage, step, rule, message }) => html`<li><b class="warn">${rule}</b>, ${stage}, step ${step}: ${message}</li>`)}</ul>`}
${notes.length === 0 ? null : html`<h2>Notes</h2><ul>${notes.map(({ message, stage }) => html`<li>${stage === null ? "" : `${stage}: `}${message}</li>`)}</ul>`}
${states.map(({ name }) => {
  const svgs = stageCharts(events, name);
  return svgs.length === 0 ? null : html`<h2>${name}</h2><div class="charts">${svgs.map((svg) => raw(svg))}</div>`;
})}
</body></html>
`;
  return page.text;
}
