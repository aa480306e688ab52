import { lintGrpoConfig } from "../config/lint-config.js";
import type { GrpoConfig } from "../config/train-config.js";
import type { GrpoEvent, RewardsEvent, SampleRecord, UpdateEvent } from "../training/events.js";
import { type CurveOptions, type CurveSeries, curveSvg, escapeMarkup, shortNumber } from "./curve-svg.js";

/** Settings of `runReport`. */
export interface RunReportOptions {
  /** Heading; default "GRPO run". */
  readonly title?: string;
  /** The resolved configuration: adds it and the linter's findings. */
  readonly config?: GrpoConfig;
  /** Groups of the last rollout to show; default 4. */
  readonly sampleGroups?: number;
}

/** Every completion of a rewards event as JSON Lines, newline at the end: append it to a log. */
export const sampleLines = (event: RewardsEvent): string =>
  event.samples.map((sample) => `${JSON.stringify(sample)}\n`).join("");

/**
 * A run as one HTML file without scripts or outside references: alarms with evidence, the linter's findings, curves, time
 * a phase, and the last samples with what they earned.
 */
export function runReport(events: readonly GrpoEvent[], options: RunReportOptions = {}): string {
  const title = escapeMarkup(options.title ?? "GRPO run");
  const updates = events.filter((event) => event.type === "update");
  const scored = events.filter((event) => event.type === "rewards");
  const alarms = events.filter((event) => event.type === "alarm");
  const last = updates.at(-1);
  const findings = options.config ? lintGrpoConfig(options.config) : [];
  const sections = [
    `<p>${updates.length} updates, ${scored.length} rollouts, ${shortNumber(totalSeconds(updates, events))} s of work. Dashed red lines mark alarms.</p>`,
    alarms.length === 0
      ? "<p>No alarms.</p>"
      : table(
          ["step", "alarm", "what was seen", "evidence"],
          alarms.map((alarm) => [
            String(alarm.step),
            alarm.rule,
            alarm.message,
            Object.entries(alarm.evidence)
              .map(([name, value]) => `${name} ${shortNumber(value)}`)
              .join(", "),
          ]),
        ),
    findings.length === 0
      ? ""
      : `<h2>Configuration</h2>${table(
          ["severity", "rule", "finding"],
          findings.map((finding) => [finding.severity, finding.rule, finding.message]),
        )}`,
    `<h2>Curves</h2><div class="charts">${charts(events).join("")}</div>`,
    last ? `<h2>Time</h2>${timeTable(updates, events)}` : "",
    `<h2>Samples of the last rollout</h2>${samples(scored.at(-1), options.sampleGroups ?? 4)}`,
    options.config
      ? `<details><summary>Resolved configuration</summary><pre>${escapeMarkup(JSON.stringify(options.config, null, 2))}</pre></details>`
      : "",
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>
:root { color-scheme: light dark; }
body { font: 14px/1.45 system-ui, sans-serif; max-width: 1160px; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 22px; } h2 { font-size: 16px; margin-top: 28px; }
.charts { display: flex; flex-wrap: wrap; gap: 12px 18px; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: 4px 10px 4px 0; border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
td.text { white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.4 ui-monospace, monospace; max-width: 640px; } td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
</style></head><body><h1>${title}</h1>
${sections.filter(Boolean).join("\n")}
</body></html>
`;
}

/** The curves of a run, as `<svg>` elements. */
export function charts(events: readonly GrpoEvent[]): string[] {
  const updates = events.filter((event) => event.type === "update");
  const scored = events.filter((event) => event.type === "rewards");
  const rollouts = events.filter((event) => event.type === "rollout");
  const marks = events.filter((event) => event.type === "alarm").map((alarm) => alarm.step);
  const names = Object.keys(scored[0]?.components ?? {});
  const line = <E extends { readonly step: number }>(
    name: string,
    of: readonly E[],
    y: (event: E) => number,
  ): CurveSeries => ({
    name,
    points: of.map((event) => [event.step, y(event)]),
  });
  const chart = (title: string, series: readonly CurveSeries[], more: Partial<CurveOptions> = {}) =>
    curveSvg(series, { title, marks, ...more });
  const quantile = (index: number) => (event: UpdateEvent) => event.ratioQuantiles[index] ?? Number.NaN;
  const band: CurveSeries = {
    ...line("1 % to 99 %", updates, quantile(7)),
    lower: line("", updates, quantile(1)).points,
  };
  return [
    chart("Reward", [
      line("total", scored, (e) => e.total.mean),
      ...(names.length > 1
        ? names.map((name) => line(name, scored, (e) => e.components[name]?.mean ?? Number.NaN))
        : []),
    ]),
    chart(
      "Groups without signal",
      [
        line("all low", scored, (e) => e.zeroVariance.allLow),
        line("all high", scored, (e) => e.zeroVariance.allHigh),
        line("tied", scored, (e) => e.zeroVariance.tied),
      ],
      { unit: "share" },
    ),
    chart("Entropy estimate", [line("entropy", updates, (e) => e.entropyEstimate)], { unit: "nats a token" }),
    chart("KL to the reference", [line("KL", updates, (e) => e.kl)], { unit: "nats a token" }),
    chart("Loss", [line("loss", updates, (e) => e.loss)]),
    chart("Gradient norm", [line("norm", updates, (e) => e.gradientNorm)], { unit: "before clipping" }),
    chart("Importance ratio", [band, line("median", updates, quantile(4))], { unit: "before clipping" }),
    chart(
      "Clipped tokens",
      [line("low", updates, (e) => e.metrics.clipLow), line("high", updates, (e) => e.metrics.clipHigh)],
      { unit: "share" },
    ),
    chart("Effective sample size", [line("share", updates, (e) => e.metrics.effectiveSampleSize)], {
      unit: "share of tokens",
    }),
    chart(
      "Completion length",
      [
        {
          ...line("min to max", rollouts, (e) => e.lengths.max),
          lower: line("", rollouts, (e) => e.lengths.min).points,
        },
        line("mean", rollouts, (e) => e.lengths.mean),
      ],
      { unit: "tokens" },
    ),
    chart("Cut at the limit", [line("share", rollouts, (e) => e.truncated)], { unit: "share" }),
    chart("Reward and length", [line("correlation", scored, (e) => e.rewardLengthCorrelation)], {
      unit: "correlation",
    }),
    ...(names.length > 1
      ? [
          chart(
            "Share of the reward's variance",
            names.map((name) => line(name, scored, (e) => e.varianceShares[name] ?? 0)),
          ),
        ]
      : []),
  ];
}

const PHASES = ["logProbs", "reference", "loss", "gradients", "optimizer"] as const;

function phaseSeconds(updates: readonly UpdateEvent[], events: readonly GrpoEvent[]): [string, number][] {
  const sum = (type: "rollout" | "rewards" | "evaluation" | "checkpoint") =>
    events.reduce((total, event) => (event.type === type ? total + event.seconds : total), 0);
  return [
    ["generate", sum("rollout")],
    ["score", sum("rewards")],
    ...PHASES.map((phase): [string, number] => [phase, updates.reduce((total, e) => total + e.seconds[phase], 0)]),
    ["evaluate", sum("evaluation")],
    ["checkpoint", sum("checkpoint")],
  ];
}

const totalSeconds = (updates: readonly UpdateEvent[], events: readonly GrpoEvent[]): number =>
  phaseSeconds(updates, events).reduce((sum, [, seconds]) => sum + seconds, 0);

function timeTable(updates: readonly UpdateEvent[], events: readonly GrpoEvent[]): string {
  const total = Math.max(totalSeconds(updates, events), Number.MIN_VALUE);
  const rows = phaseSeconds(updates, events).filter(([, seconds]) => seconds > 0);
  return table(
    ["phase", "seconds", "share", "seconds an update"],
    rows.map(([phase, seconds]) => [
      phase,
      shortNumber(seconds),
      `${((100 * seconds) / total).toFixed(1)} %`,
      shortNumber(seconds / updates.length),
    ]),
  );
}

function samples(event: RewardsEvent | undefined, groups: number): string {
  if (!event) return "<p>None.</p>";
  const byGroup = new Map<number, SampleRecord[]>();
  let group = -1;
  for (const sample of event.samples) {
    if (sample.generation === 0) group++;
    byGroup.set(group, [...(byGroup.get(group) ?? []), sample]);
  }
  const rows = [...byGroup.values()].slice(0, groups).flatMap((members) => {
    const sorted = [...members].sort(
      (a, b) => (b.total ?? Number.NEGATIVE_INFINITY) - (a.total ?? Number.NEGATIVE_INFINITY),
    );
    return sorted.length > 1 ? [sorted[0] as SampleRecord, sorted.at(-1) as SampleRecord] : sorted;
  });
  const cells = rows.map((sample) => {
    const parts = Object.entries(sample.rewards).map(
      ([name, value]) => `${name} ${value === null ? "-" : shortNumber(value)}`,
    );
    return `<tr><td class="number">${sample.example}</td><td class="number">${sample.total === null ? "-" : shortNumber(sample.total)}</td><td class="number">${shortNumber(sample.advantage)}</td><td class="number">${sample.tokens}${sample.finishReason === "length" ? " (cut)" : ""}</td><td>${escapeMarkup(parts.join(", "))}</td><td class="text">${escapeMarkup(sample.completion)}</td></tr>`;
  });
  return `<p>The best and the worst completion of each group.</p><table><tr><th>example</th><th>reward</th><th>advantage</th><th>tokens</th><th>rewards</th><th>completion</th></tr>${cells.join("")}</table>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, values: readonly string[]) =>
    `<tr>${values.map((value) => `<${tag}>${escapeMarkup(value)}</${tag}>`).join("")}</tr>`;
  return `<table>${cells("th", head)}${rows.map((row) => cells("td", row)).join("")}</table>`;
}
