import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  activationPatterns,
  type GuardCalibration,
  reliability,
  rocCurve,
  type TokenSnapshot,
  tokenDrift,
} from "@videosafety/alarm-tokens";
import {
  activationPlot,
  type FrontierSeries,
  frontierPlot,
  reliabilityPlot,
  rocPlot,
  tokenDriftPlot,
} from "@videosafety/alarm-tokens/plots";
import type { AlarmReadings } from "./alarm-readings.js";
import { probabilities } from "./calibration-trials.js";

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
  },
): Promise<string[]> {
  const { readings, calibration, points, snapshots } = data;
  const { visualLogits, textualLogits } = readings;
  const visual = readings.labels.map((label) => label.visual ?? 0);
  const textual = readings.labels.map((label) => label.textual ?? 0);
  const { temperatures } = calibration;
  const said = {
    visual: probabilities(visualLogits, temperatures.visual),
    textual: probabilities(textualLogits, temperatures.textual),
  };
  const heads = [
    { name: "visual alarm", points: rocCurve(visualLogits, visual) },
    { name: "textual alarm", points: rocCurve(textualLogits, textual) },
  ];
  const figures: Record<string, string> = {
    roc: await rocPlot(heads, { title: "Both alarms on held-out samples" }),
    frontier: await frontierPlot([{ name: "guard", points: rocCurve(textualLogits, textual) }, ...points], {
      title: "Refusing: guard against trained refusal",
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
  await mkdir(folder, { recursive: true });
  for (const [name, svg] of Object.entries(figures)) await writeFile(join(folder, `${name}.svg`), svg);
  return Object.keys(figures).map((name) => join(folder, `${name}.svg`));
}
