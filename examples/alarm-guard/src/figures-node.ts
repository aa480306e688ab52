import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  activationPatterns,
  auc,
  type GuardCalibration,
  reliability,
  rocCurve,
  type TokenSnapshot,
  tokenDrift,
} from "@videosafety/alarm-tokens";
import {
  activationPlot,
  attentionHeadPlot,
  attentionPlot,
  type FrontierSeries,
  frontierPlot,
  layerProbePlot,
  reliabilityPlot,
  rocPlot,
  tokenDriftPlot,
} from "@videosafety/alarm-tokens/plots";
import type { AlarmReadings } from "./alarm-readings.js";
import { probabilities } from "./calibration-trials.js";
import { type InsideView, OTHER_FRAMES, SIGN_FRAMES } from "./look-inside.js";

/** Draws every figure into a folder and returns the files' names. */
export async function writeFigures(
  folder: string,
  data: {
    readonly readings: AlarmReadings;
    readonly calibration: GuardCalibration;
    /** Models without a threshold: points beside the guard's curve. */
    readonly points: readonly FrontierSeries[];
    /** Alarm vectors over the stages; none, no plot. */
    readonly snapshots: readonly TokenSnapshot[];
    /** Probes and attention; null, no plots. */
    readonly inside: InsideView | null;
  },
): Promise<string[]> {
  const { readings, calibration, points, snapshots, inside } = data;
  const { visualLogits, textualLogits } = readings;
  const visual = readings.labels.map((label) => label.visual ?? 0);
  const textual = readings.labels.map((label) => label.textual ?? 0);
  const { temperatures } = calibration;
  const said = {
    visual: probabilities(visualLogits, temperatures.visual),
    textual: probabilities(textualLogits, temperatures.textual),
  };
  const roc = (name: string, logits: readonly number[], labels: readonly number[]): FrontierSeries => ({
    name: `${name}, AUC ${auc(logits, labels).toFixed(3)}`,
    points: rocCurve(logits, labels),
  });
  const heads = [roc("visual alarm", visualLogits, visual), roc("textual alarm", textualLogits, textual)];
  const figures: Record<string, string> = {
    roc: await rocPlot(heads, { title: "Both alarms on held-out samples" }),
    frontier: await frontierPlot([{ name: "guard", points: rocCurve(textualLogits, textual) }, ...points], {
      title: "Refusing: guard against trained refusal",
      ...frontierAxes(points),
    }),
    reliability: await reliabilityPlot(
      [
        { name: "visual alarm", reliability: reliability(said.visual, visual) },
        { name: "textual alarm", reliability: reliability(said.textual, textual) },
      ],
      { title: "Probabilities after temperature scaling" },
    ),
    activation: await activationPlot(activationPatterns(visualLogits, textualLogits, readings.labels), {
      title: "Alarms in the four cells",
    }),
  };
  if (snapshots.length > 0)
    figures.drift = await tokenDriftPlot(tokenDrift(snapshots), { title: "Alarm tokens over the stages" });
  if (inside !== null) {
    const { probes, attention } = inside;
    figures.probes = await layerProbePlot(
      [
        { name: "visual alarm", probes: probes.visual },
        { name: "textual alarm", probes: probes.textual },
      ],
      { title: "Where harm can be read from the alarm tokens" },
    );
    figures.attention = await attentionPlot(attention, {
      title: "What the alarm tokens look at",
      parts: ["start", "frame times", OTHER_FRAMES, SIGN_FRAMES, "visual alarm", "query", "textual alarm"],
    });
    figures["attention-heads"] = await attentionHeadPlot(attention, SIGN_FRAMES, {
      title: "Which heads look at the frames with the sign",
    });
  }
  await mkdir(folder, { recursive: true });
  for (const [name, svg] of Object.entries(figures)) await writeFile(join(folder, `${name}.svg`), svg);
  return Object.keys(figures).map((name) => join(folder, `${name}.svg`));
}

/** The corner where good models are, when all of them are there. */
function frontierAxes(series: readonly FrontierSeries[]): { maximumFrr?: number; minimumDsr?: number } {
  const singles = series.flatMap(({ points }) => (points.length === 1 ? points : []));
  const corner = { maximumFrr: 0.08, minimumDsr: 0.9 };
  const inside = singles.every(({ dsr, frr }) => dsr >= corner.minimumDsr && frr <= corner.maximumFrr);
  return singles.length > 0 && inside ? corner : {};
}
