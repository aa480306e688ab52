import { OUTCOMES, type Outcome } from "../../run/records/outcome.js";
import { type Html, html } from "../html.js";
import { labelRoom, rowLabel } from "./row-label.js";

/** One bar. */
export interface OutcomeBar {
  /** Name at the left. */
  readonly label: string;
  /** Units by outcome. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Units that the run has not reached. */
  readonly unreached: number;
}

const WIDTH = 720;
const ROW = 22;
const TOP = 30;

/** Judge failures are hatched, so that they differ from errors without colour. */
const fillOf = (part: string): Html | null => (part === "judge_failed" ? html` style="fill:url(#hatch)"` : null);

/** The numbers behind the bars. */
export function outcomeTable(bars: readonly OutcomeBar[]): Html {
  const parts = [...OUTCOMES, "unreached"] as const;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Units by outcome"><table><thead><tr><th scope="col">run</th>${parts.map((part) => html`<th scope="col">${part.replace("_", " ")}</th>`)}</tr></thead><tbody>${bars.map(
    ({ label, outcomes, unreached }) =>
      html`<tr><th scope="row">${label}</th>${parts.map((part) => html`<td>${part === "unreached" ? unreached : outcomes[part]}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

/** Stacked bars of outcomes: shows at a glance what a score leaves out. */
export function outcomeBars(title: string, bars: readonly OutcomeBar[]): Html {
  const parts = [...OUTCOMES, "unreached"] as const;
  const height = TOP + bars.length * ROW;
  const room = labelRoom(bars.map(({ label }) => label));
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="o-judge_failed" width="6" height="6"/><rect class="hatch" width="2.5" height="6"/></pattern></defs>
${parts.map(
  (part, p) =>
    html`<rect class="o-${part}"${fillOf(part)} x="${p * 112}" y="2" width="12" height="12"/><text x="${p * 112 + 17}" y="13">${part.replace("_", " ")}</text>`,
)}
${bars.map(({ label, outcomes, unreached }, row) => {
  const counts = parts.map((part) => (part === "unreached" ? unreached : outcomes[part]));
  const total = Math.max(
    1,
    counts.reduce((sum, n) => sum + n, 0),
  );
  const y = TOP + row * ROW;
  let x = room;
  return html`${rowLabel(label, room, y + 13)}${counts.map((n, p) => {
    const width = (n / total) * (WIDTH - room);
    const rect = html`<rect class="o-${parts[p] as string}"${fillOf(parts[p] as string)} x="${x.toFixed(2)}" y="${y}" width="${width.toFixed(2)}" height="16"><title>${label}: ${n} of ${total} ${parts[p] as string}</title></rect>`;
    x += width;
    return n === 0 ? null : rect;
  })}`;
})}
</svg></figure>`;
}
