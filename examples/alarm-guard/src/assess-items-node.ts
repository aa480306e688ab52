import { dirname, resolve } from "node:path";
import { auc, type GuardCalibration } from "@videosafety/alarm-tokens";
import { evalItemSchema } from "@videosafety/safety-data";
import { readJsonl } from "@videosafety/safety-data/node";
import { loadVideoLlm, type PreparedSample } from "@videosafety/video-llm";
import { sampleFrames } from "@videosafety/video-sampler";
import { type AlarmReadings, readAlarms } from "./alarm-readings.js";
import { calibrationTrials } from "./calibration-trials.js";

/** A guard for a checkpoint of one's own: half of the items calibrate it, the other half measures it. */
export async function assessItems(options: {
  readonly checkpoint: string;
  readonly items: string;
  readonly sampling: { readonly fps: number; readonly maxFrames: number };
  readonly targetFrr: number;
  readonly confidence: number | null;
}): Promise<{ readings: AlarmReadings; calibration: GuardCalibration; summary: string }> {
  const { checkpoint, items, sampling, targetFrr, confidence } = options;
  const model = await loadVideoLlm(checkpoint);
  const samples: PreparedSample[] = [];
  for await (const item of readJsonl(items, { schema: evalItemSchema })) {
    const plan = { type: "videollama3-reference", ...sampling } as const;
    const frames = item.video && (await sampleFrames(resolve(dirname(items), item.video.path), plan));
    const visual = frames && (await model.encodeVideo(frames, { lazy: true }));
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: item.query }], visual });
    samples.push(model.prepareSample({ prompt, labels: item.labels }));
  }
  const readings = await readAlarms(model, samples);
  await model.dispose();
  const trials = await calibrationTrials(readings, { seeds: 20, targetFrr, confidence });
  const mean = (of: (trial: (typeof trials)[number]) => number): string =>
    `${((100 * trials.reduce((sum, trial) => sum + of(trial), 0)) / trials.length).toFixed(1)} %`;
  const area = (key: "visual" | "textual"): string =>
    auc(
      readings[`${key}Logits`],
      readings.labels.map((label) => label[key] ?? 0),
    ).toFixed(3);
  return {
    readings,
    calibration: (trials[0] as (typeof trials)[number]).calibration,
    summary: [
      `${samples.length} items; AUC visual ${area("visual")}, textual ${area("textual")}`,
      `mean of ${trials.length} calibrations: HH ${mean((t) => t.hh)}, SH ${mean((t) => t.sh)} refused, FRR ${mean((t) => t.frr)}`,
    ].join("\n"),
  };
}
