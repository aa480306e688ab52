import type { StepEvent } from "@videosafety/alarm-tokens/train";
import { type CurveSeries, charts, curveSvg, type GrpoEvent } from "@videosafety/grpo/train";
import { rewardRows } from "./event-log-node.js";
import type { RunEvent } from "./run-event.js";

/** Curves of one of the stages 1 to 3, as `<svg>` elements. */
function trainingCharts(steps: readonly StepEvent[]): string[] {
  const line = (name: string, y: (event: StepEvent) => number): CurveSeries => ({
    name,
    points: steps.map((event) => [event.step, y(event)]),
  });
  const alarms = steps.some(({ loss, lossLm }) => loss !== lossLm);
  return [
    curveSvg([line("language", ({ lossLm }) => lossLm)], { title: "Loss", unit: "nats a token" }),
    ...(alarms
      ? [
          curveSvg([line("video", ({ lossVisual }) => lossVisual), line("query", ({ lossTextual }) => lossTextual)], {
            title: "Alarm classification",
            unit: "nats",
          }),
        ]
      : []),
    curveSvg([line("norm", ({ gradientNorm }) => gradientNorm)], { title: "Gradient norm", unit: "before clipping" }),
    curveSvg([line("speed", ({ tokensPerSecond }) => tokensPerSecond)], { title: "Speed", unit: "tokens a second" }),
  ];
}

/** Curves of DRA: alpha and the terms of the safety reward over rollouts. Empty without safety problems. */
export function rewardPartCharts(events: readonly RunEvent[], stage: string): string[] {
  const rows = rewardRows(events, stage).filter(({ parts }) => Object.keys(parts).length > 0);
  if (rows.length === 0) return [];
  const line = (name: string, key: string): CurveSeries => ({
    name,
    points: rows.map(({ rollout, parts }) => [rollout, parts[key] ?? Number.NaN]),
  });
  return [
    curveSvg([line("alpha", "alpha")], { title: "DRA: alpha", unit: "mean of a rollout" }),
    curveSvg([line("text", "text"), line("video label", "visual"), line("query label", "textual")], {
      title: "DRA: what completions earn",
      unit: "mean of a rollout",
    }),
    curveSvg([line("ROUGE", "rouge")], { title: "ROUGE with the reference", unit: "mean of a rollout" }),
  ];
}

/** All curves of a stage, as `<svg>` elements; empty before its first step. */
export function stageCharts(events: readonly RunEvent[], stage: string): string[] {
  const steps = events.flatMap((event) =>
    event.type === "training" && event.stage === stage && event.event.type === "step" ? [event.event] : [],
  );
  if (steps.length > 0) return trainingCharts(steps);
  const reinforced = events.flatMap((event) =>
    event.type === "reinforcing" && event.stage === stage ? [event.event as GrpoEvent] : [],
  );
  return reinforced.length === 0 ? [] : [...rewardPartCharts(events, stage), ...charts(reinforced)];
}
