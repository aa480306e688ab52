import type { DuplicateControl } from "../metrics/duplicate-control.js";
import type { Rate } from "../metrics/rate.js";
import type { ArmDrop, ArmResults, SubsetResults } from "../results/results.js";
import type { Estimate } from "../stats/mover.js";
import type { Interval } from "../stats/proportion-interval.js";
import { percent, percentRange } from "./format-number.js";
import { heatmap } from "./heatmap.js";
import { type Html, html } from "./html.js";
import { lineChart } from "./svg/line-chart.js";

function sweep(label: string, { subset, arms }: SubsetResults): Html | null {
  const lines = ["video", "dup", "dup_jitter", "blank", "shuffled"].flatMap((kind) => {
    const points = arms.flatMap(({ arm, defense }) => {
      const x = arm.startsWith(`${kind}_`) ? Number(arm.slice(kind.length + 1)) : Number.NaN;
      const value = defense?.dsr.value ?? null;
      return Number.isInteger(x) && value !== null ? [{ x, value, interval: defense?.dsr.interval ?? null }] : [];
    });
    return points.length > 1 ? [{ name: kind, points: points.sort((a, b) => a.x - b.x) }] : [];
  });
  return lines.length === 0 ? null : lineChart(`${label}: ${subset} DSR by number of frames`, "frames", lines);
}

const share = (value: number | null, interval: Interval | null, title: string): Html =>
  html`<td title="${title}">${percent(value)}<small>${percentRange(interval)}</small></td>`;

const rate = (value: Rate | undefined): Html =>
  share(value?.value ?? null, value?.interval ?? null, value?.reason ?? `n = ${value?.n ?? 0}`);

const mean = (value: number | null, digits: number): Html =>
  html`<td>${value === null ? "–" : value.toFixed(digits)}</td>`;

function armRow({ arm, defense, falseRefusal, tagged, load }: ArmResults, drop: ArmDrop | undefined): Html {
  const coverage = defense ?? falseRefusal;
  const scores =
    defense === null
      ? [rate(falseRefusal?.strict), rate(falseRefusal?.lenient)]
      : [
          rate(defense.dsr),
          share(defense.macro.value, defense.macro.interval, `${defense.macro.groups} subcategories`),
          html`<td>${percentRange(defense.bounds)}</td>`,
          drop === undefined
            ? html`<td>–</td>`
            : share(
                drop.relativeDrop.value,
                drop.relativeDrop.interval,
                `${drop.pairs} pairs, McNemar p ${drop.mcNemar.p.toPrecision(2)}`,
              ),
        ];
  return html`<tr><th scope="row">${arm}</th>${scores}<td>${coverage?.valid ?? 0} / ${coverage?.planned ?? 0}</td><td>${coverage?.inability ?? 0}</td>${rate(tagged.formatRate)}${rate(tagged.vidTypeAccuracy)}${rate(tagged.textTypeAccuracy)}${mean(load.frames, 1)}${mean(load.promptTokens, 0)}</tr>`;
}

function controlTable(control: DuplicateControl | null): Html | null {
  if (control === null) return null;
  const points = ({ value, interval }: Estimate): Html => share(value, interval, "percentage points");
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Duplicate control"><table><caption>The clip against one of its frames repeated as often (jittered). A gap at equal frames is temporal content; a change of the repeated frame with N is token load.</caption>
<thead><tr>${["frames", "pairs", "clip", "repeated frame", "gap"].map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${control.points.map(
    ({ frames, pairs, video, duplicates, gap }) =>
      html`<tr><th scope="row">${frames}</th><td>${pairs}</td><td>${percent(video)}</td><td>${percent(duplicates)}</td>${points(gap)}</tr>`,
  )}<tr><th scope="row">first to last</th><td></td><td></td>${points(control.tokenLoad)}${points(control.difference)}</tr></tbody></table></div>`;
}

const COVERAGE_COLUMNS = ["valid", "inability", "format", "vidType", "textType", "frames", "tokens"];

/** One subset of a run: a line an arm, the frame sweep where there is one, and the heatmap of the `video` arm. */
export function subsetSection(label: string, entry: SubsetResults, minimumCell: number): Html {
  const safeQuery = entry.subset === "SafeQ";
  const scores = safeQuery ? ["FRR strict", "FRR lenient"] : ["DSR micro", "DSR macro", "worst..best", "drop"];
  const shown = entry.arms.find(({ arm }) => arm === "video") ?? entry.arms[0];
  const what = safeQuery ? "strict false refusals" : "defense success";
  return html`<h3>${entry.subset}</h3><div class="scroll" tabindex="0" role="region" aria-label="${label} ${entry.subset}"><table>
<thead><tr>${["arm", ...scores, ...COVERAGE_COLUMNS].map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${entry.arms.map((arm) =>
    armRow(
      arm,
      entry.drops.find((drop) => drop.arm === arm.arm),
    ),
  )}</tbody></table></div>
${sweep(label, entry)}
${controlTable(entry.control)}
${
  shown === undefined || shown.cells.length === 0
    ? null
    : heatmap(`${entry.subset}, arm ${shown.arm}: ${what} in percent and n, by category and language`, shown.cells, {
        minimum: minimumCell,
        lowIsGood: safeQuery,
      })
}`;
}
