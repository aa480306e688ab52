import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selectReadings } from "./alarm-readings.js";
import { calibrationTrials } from "./calibration-trials.js";
import { writeFigures } from "./figures-node.js";
import { lastLayerShare } from "./look-inside.js";
import { type MicroResults, runMicro } from "./run-micro.js";

// A fraction of what `main` runs: enough to see every step work and the alarms learn.
const AMOUNTS = {
  base: { samples: 480, epochs: 3 },
  stages: { samples: 320, epochs: 2 },
  segments: { samples: 320, epochs: 4 },
  held: 400,
};

describe("the alarm-guard example on a micro model", () => {
  let folder: string;
  let results: MicroResults;
  const stages = new Set<string>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "alarm-guard-"));
    results = await runMicro({
      seed: 1,
      amounts: AMOUNTS,
      targetFrr: 0.05,
      confidence: 0.9,
      seeds: 10,
      onEvent: (stage) => stages.add(stage),
    });
  }, 480_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("the base model complies with a video; training and alarms change that", () => {
    expect(stages).toEqual(
      new Set([
        "base",
        "refusal training, stage 1",
        "refusal training, stage 2",
        "stage 1",
        "stage 2",
        "segment alarms",
      ]),
    );
    expect(results.answers.base.hh).toBeLessThan(0.5);
    expect(results.answers.stage2.hh).toBeGreaterThan(0.5);
    expect(results.auc.textual).toBeGreaterThan(0.9);
    expect(results.auc.readout).toBeGreaterThan(0.9);
  });

  test("the guard keeps its promise on most splits", () => {
    expect(results.trials).toHaveLength(10);
    // 90 % confidence each: five of ten splits above the target has a probability under 0.2 %.
    expect(results.trials.filter(({ frr }) => frr > 0.05 + 2 * Math.sqrt((0.05 * 0.95) / 100)).length).toBeLessThan(5);
  });

  test("inside, the alarms know nothing in the embedding and tell harm in the last layer; they look at the video", () => {
    const { probes, attention } = results.inside;
    expect(probes.visual[0]?.auc).toBeCloseTo(0.5, 5);
    expect(probes.textual[0]?.auc).toBeCloseTo(0.5, 5);
    expect(probes.textual.at(-1)?.auc).toBeGreaterThan(0.9);
    expect(lastLayerShare(attention, "visual")).toBeGreaterThan(0.02);
    for (const layer of [1, 2])
      for (const head of [0, 1, 2, 3]) {
        const own = attention.filter((share) => share.layer === layer && share.head === head);
        for (const modality of ["visual", "textual"] as const)
          expect(own.reduce((sum, share) => sum + share[modality], 0)).toBeCloseTo(1, 5);
        // The visual alarm comes before the query.
        expect(own.find(({ part }) => part === "query")).toMatchObject({ visual: 0, even: { visual: 0 } });
      }
  });

  test("alarms after every frame tell which second is harmful in one pass a clip, windows need seven", () => {
    const { windows, segments } = results.spans;
    expect(segments.passes).toBe(1);
    expect(windows.passes).toBeGreaterThan(1);
    expect(windows.passes).toBeLessThanOrEqual(7);
    // 0.75 and 0.31 here; from whole clips alone the AUC stays at 0.60 even in the whole run (docs/experiments/alarm-tokens.md).
    expect(segments.secondsAuc).toBeGreaterThan(0.65);
    expect(segments.overlap).toBeGreaterThan(0.2);
  });

  test("figures are written", async () => {
    const { calibration } = results.trials[0] as MicroResults["trials"][number];
    const files = await writeFigures(folder, { ...results, calibration });
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
      "roc.svg",
      "frontier.svg",
      "reliability.svg",
      "activation.svg",
      "drift.svg",
      "probes.svg",
      "attention.svg",
      "attention-heads.svg",
    ]);
    for (const file of files) expect(await readFile(file, "utf8")).toMatch(/^<svg /);
  });

  test("a guard cannot be calibrated on too few samples", async () => {
    const few = selectReadings(results.readings, [0, 1, 2, 3, 4, 5, 6, 7]);
    await expect(calibrationTrials(few, { seeds: 1, targetFrr: 0.05, confidence: 0.9 })).rejects.toThrow(/at least/);
  });
});
