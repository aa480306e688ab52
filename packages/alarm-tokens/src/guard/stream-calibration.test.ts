import { createRng } from "@videosafety/random";
import { describe, expect, test } from "vitest";
import {
  AlarmShapeError,
  type AlarmStates,
  CalibrationError,
  type CalibrationVideo,
  calibrateGuard,
  calibrateStreamGuard,
  createGuard,
  describeGuarantee,
  EmptyClassError,
  type GuardCalibration,
  type GuardModel,
  NonFiniteError,
  parseGuardCalibration,
  readWindows,
  type SampleLabels,
  slidingWindows,
  streamMaxima,
} from "../index.js";

interface Probe {
  readonly visual: number;
  readonly textual: number;
}
/** A model whose samples are their own logits. */
const model: GuardModel<Probe> = {
  async alarmStates(samples): Promise<AlarmStates> {
    return {
      visualHidden: new Float32Array(),
      textualHidden: new Float32Array(),
      visualLogits: Float32Array.from(samples, ({ visual }) => visual),
      textualLogits: Float32Array.from(samples, ({ textual }) => textual),
    };
  },
};
const base = (refuseOn: GuardCalibration["refuseOn"] = "textual"): GuardCalibration => {
  const rng = createRng(1);
  const labels: SampleLabels[] = Array.from({ length: 2000 }, (_, i) => ({
    visual: (i & 1) as 0 | 1,
    textual: ((i >> 1) & 1) as 0 | 1,
  }));
  const logits = (key: "visual" | "textual"): number[] =>
    labels.map((label) => 6 * (label[key] as number) - 3 + 1.2 * rng.normal());
  return calibrateGuard({
    visualLogits: logits("visual"),
    textualLogits: logits("textual"),
    labels,
    targetFrr: 0.02,
    refuseOn,
  });
};

/** Videos of 1 to 20 windows: neighbours are alike (a part of a logit belongs to the video), lengths differ. */
function videos(n: number, seed: number, kind: (i: number) => SampleLabels = () => SAFE): CalibrationVideo[] {
  const rng = createRng(seed);
  return Array.from({ length: n }, (_, i) => {
    const labels = kind(i);
    const windows = 1 + rng.integer(20);
    const logits = (label: 0 | 1): number[] => {
      const own = 0.8 * rng.normal() - 3;
      const harm = rng.integer(windows);
      return Array.from({ length: windows }, (_, w) => own + 0.9 * rng.normal() + (label === 1 && w === harm ? 7 : 0));
    };
    return { labels, visualLogits: logits(labels.visual as 0 | 1), textualLogits: logits(labels.textual as 0 | 1) };
  });
}
const SAFE = { visual: 0, textual: 0 } as const;
/** Share of videos refused in any window. */
const refusedShare = (of: readonly CalibrationVideo[], calibration: GuardCalibration): number =>
  of.filter((video) => streamMaxima(video, calibration).refusal > calibration.refusal.threshold).length / of.length;

describe("calibrateStreamGuard", () => {
  test.each(["textual", "either", "both"] as const)(
    "20 seeds, refuse on %s: the rate of whole videos holds, and harm in one window is still seen",
    (refuseOn) => {
      const single = base(refuseOn);
      let broken = 0;
      let brokenByWindows = 0;
      for (let seed = 0; seed < 20; seed++) {
        const targetFrr = 0.05;
        const calibration = calibrateStreamGuard({ base: single, videos: videos(300, seed), targetFrr });
        const fresh = videos(3000, 1000 + seed);
        const slack = 3 * Math.sqrt((targetFrr * (1 - targetFrr)) / fresh.length); // of a measured rate
        if (refusedShare(fresh, calibration) > targetFrr + slack) broken += 1;
        const harmful = videos(200, 2000 + seed, () => ({ visual: 1, textual: 1 }));
        if (refuseOn !== "both") expect(refusedShare(harmful, calibration)).toBeGreaterThan(0.9);
        // The honest way matters: thresholds of single windows break the promise for videos.
        const perWindow = calibrateStreamGuard({
          base: single,
          videos: videos(300, seed).flatMap(({ visualLogits, textualLogits, labels }) =>
            Array.from(visualLogits, (logit, w) => ({
              labels,
              visualLogits: [logit],
              textualLogits: [textualLogits[w] as number],
            })),
          ),
          targetFrr,
        });
        if (refusedShare(fresh, perWindow) > targetFrr + slack) brokenByWindows += 1;
      }
      expect(broken).toBeLessThanOrEqual(2); // 95 % confidence each
      expect(brokenByWindows).toBe(20);
    },
  );

  test("400 calibrations without a confidence: the mean rate is the expected one", () => {
    const single = base();
    const fresh = videos(4000, 99);
    let sum = 0;
    let expected = 0;
    for (let seed = 0; seed < 400; seed++) {
      const calibration = calibrateStreamGuard({
        base: single,
        videos: videos(60, 5000 + seed),
        targetFrr: 0.1,
        confidence: null,
      });
      sum += refusedShare(fresh, calibration) / 400;
      expected = calibration.refusal.expectedFrr;
    }
    expect(expected).toBeLessThanOrEqual(0.1);
    // Two errors: of 400 means of Beta(6, 55) shares, and of 4000 fresh videos that all of them share.
    const error = Math.sqrt((0.1 * 0.9) / 60 / 400 + (0.1 * 0.9) / 4000);
    expect(Math.abs(sum - expected)).toBeLessThan(3 * error);
  });

  test("watch refuses a video in some window exactly when its worst window is above the threshold", async () => {
    const calibration = calibrateStreamGuard({ base: base(), videos: videos(300, 3), targetFrr: 0.2 });
    const guard = createGuard(model, calibration);
    let refusals = 0;
    for (const video of videos(60, 77)) {
      const windows = Array.from(video.visualLogits, (visual, w) => ({
        startSeconds: w,
        endSeconds: w + 1,
        input: { visual, textual: video.textualLogits[w] as number },
      }));
      let refused = false;
      for await (const { assessment } of guard.watch(windows)) refused ||= assessment.verdict === "refuse";
      // Readings through the model are float32, as the guard's are.
      const read = await readWindows(model, windows);
      expect(refused).toBe(streamMaxima(read, calibration).refusal > calibration.refusal.threshold);
      refusals += refused ? 1 : 0;
    }
    expect(refusals).toBeGreaterThan(3);
  });

  test("labels choose the videos of each threshold; the result is stored and described", () => {
    const kinds = [SAFE, { visual: 1, textual: 0 }, { visual: 0, textual: 1 }, { visual: null, textual: 0 }] as const;
    const labelled = videos(400, 8, (i) => kinds[i % 4] as SampleLabels);
    const calibration = calibrateStreamGuard({ base: base(), videos: labelled, targetFrr: 0.05 });
    expect(calibration.refusal.count).toBe(300);
    expect(calibration.visual.count).toBe(200);
    expect(calibration.textual.count).toBe(300);
    expect(parseGuardCalibration(JSON.parse(JSON.stringify(calibration)))).toEqual(calibration);
    expect(describeGuarantee(calibration)).toBe(
      "At most 5 % of safe videos like the 300 calibration videos are refused in any window; this holds with probability 95 % over the draw of the calibration set.",
    );
  });

  test("bad input names the video", () => {
    const target = { base: base(), targetFrr: 0.1 };
    const location = { file: "streams.jsonl", line: 7 };
    const safe = videos(100, 4);
    const broken = { labels: SAFE, visualLogits: [1], textualLogits: [Number.NaN], location };
    expect(() => calibrateStreamGuard({ ...target, videos: [...safe, broken] })).toThrow(NonFiniteError);
    expect(() => calibrateStreamGuard({ ...target, videos: [...safe, broken] })).toThrow(
      /^streams.jsonl:7: .*window 0/,
    );
    const empty = { labels: SAFE, visualLogits: [], textualLogits: [], location };
    expect(() => calibrateStreamGuard({ ...target, videos: [empty] })).toThrow(/streams.jsonl:7: expected one logit/);
    const harmful = videos(100, 4, () => ({ visual: 1, textual: 1 }));
    expect(() => calibrateStreamGuard({ ...target, videos: harmful })).toThrow(EmptyClassError);
    expect(() => calibrateStreamGuard({ ...target, videos: safe.slice(0, 10) })).toThrow(CalibrationError);
  });
});

describe("readWindows", () => {
  const frames = Array.from({ length: 10 }, (_, timestampSeconds) => ({ timestampSeconds }));
  async function* windows() {
    for await (const { startSeconds, endSeconds, frames: held } of slidingWindows(frames, {
      windowSeconds: 4,
      strideSeconds: 2,
    }))
      yield { startSeconds, endSeconds, input: held };
  }
  const prepare = (held: readonly { timestampSeconds: number }[]): Probe => ({
    visual: held.length,
    textual: held[0]?.timestampSeconds ?? -1,
  });

  test("reads sliding windows in batches, whatever their size", async () => {
    const expected = { visualLogits: [4, 4, 4, 4], textualLogits: [0, 2, 4, 6] };
    for (const batchSize of [1, 3, 100])
      expect(await readWindows(model, windows(), { prepare, batchSize })).toEqual(expected);
  });

  test("bad input", async () => {
    await expect(readWindows(model, [])).rejects.toThrow(AlarmShapeError);
    const silent: GuardModel<Probe> = { alarmStates: (samples) => model.alarmStates(samples.slice(1)) };
    await expect(readWindows(silent, windows(), { prepare })).rejects.toThrow(/expected 4 logits/);
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(readWindows(model, windows(), { prepare, signal })).rejects.toThrow("stop");
  });
});
