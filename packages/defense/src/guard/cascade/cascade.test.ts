import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SampleLabels } from "@videosafety/alarm-tokens";
import { encodeModel, type NodeDefinition } from "@videosafety/onnx-autodiff";
import { createRng } from "@videosafety/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ruleEngine, ruleGuardFile } from "../../../test/guard-fixtures.js";
import type { GuardVideo } from "../engine/guard-engine.js";
import { type CascadeReading, calibrateCascade } from "./calibrate-cascade.js";
import { createCascadeEngine } from "./cascade-engine.js";
import { openFrameClassifier } from "./frame-classifier-node.js";

let folder: string;
let brightness: string;
const settings = { size: 8, layout: "nhwc", mean: [0, 0, 0], std: [1, 1, 1], softmax: false, harmful: [1] } as const;
const mutable = (more: object = {}) => ({ ...settings, mean: [0, 0, 0], std: [1, 1, 1], harmful: [1], ...more });
/** A "classifier" whose second class is a frame's brightness, in ONNX. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cascade-"));
  brightness = join(folder, "brightness.onnx");
  const node = (op: string, inputs: string[], output: string, attributes = {}): NodeDefinition => ({
    op,
    domain: "",
    inputs,
    outputs: [output],
    attributes,
  });
  const bytes = encodeModel({
    opset: 17,
    nodes: [
      node("Flatten", ["images"], "flat", { axis: 1 }),
      node("ReduceMean", ["flat"], "bright", { axes: [1], keepdims: 1 }),
      node("Sub", ["one", "bright"], "dark"),
      node("Concat", ["dark", "bright"], "shares", { axis: 1 }),
    ],
    inputs: [{ name: "images", dtype: "float32", shape: [1, 8, 8, 3], symbols: { 0: "frames" } }],
    outputs: [{ name: "shares", dtype: "float32", shape: undefined }],
    initializers: [{ name: "one", dtype: "float32", shape: [1], init: { kind: "inline", data: Float32Array.of(1) } }],
  });
  await writeFile(brightness, bytes as Uint8Array);
});
afterAll(() => rm(folder, { recursive: true }));

const video = (...levels: number[]): GuardVideo => ({
  frames: {
    data: Uint8Array.from(levels.flatMap((level) => new Array<number>(16 * 12 * 3).fill(level))),
    dims: [levels.length, 16, 12, 3],
  },
  timestampsSeconds: Float64Array.from(levels, (_, t) => t),
});

describe("openFrameClassifier", () => {
  it("scores the frame that looks worst, of many videos and more frames than a batch", async () => {
    const classifier = await openFrameClassifier(brightness, mutable());
    expect(await classifier.score([video(51), video(10, 204, 20)])).toBeCloseTo(0.8, 5);
    expect(await classifier.score([video(...Array.from({ length: 40 }, (_, t) => (t === 37 ? 255 : t)))])).toBeCloseTo(
      1,
      5,
    );
    expect(await classifier.score([])).toBe(0);
    await classifier.close();
  });

  it("refuses by name what does not fit", async () => {
    await expect(openFrameClassifier(brightness, mutable({ harmful: [2] }))).rejects.toThrow(
      /answers 1 x 2 for 1 images, with harmful classes 2/,
    );
    await expect(openFrameClassifier(join(folder, "none.onnx"), mutable())).rejects.toThrow(/found no file/);
    await writeFile(join(folder, "bad.onnx"), "no model");
    await expect(openFrameClassifier(join(folder, "bad.onnx"), mutable())).rejects.toThrow(/one that does not load/);
  });
});

/** Items whose frames and model see the truth with noise. */
function readings(seed: number, count: number, harmfulShare: number, frameNoise = 0.15): CascadeReading[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => {
    const harmful = rng.uniform() < harmfulShare ? 1 : 0;
    const labels: SampleLabels = { visual: harmful, textual: harmful };
    const logit = 3 * harmful - 1 + rng.normal();
    return {
      labels,
      frames: 0.2 + 0.5 * harmful + frameNoise * rng.normal(),
      visual: logit,
      textual: logit,
      framesMilliseconds: 1,
      milliseconds: 20,
    };
  });
}
const target = { targetFrr: 0.05, confidence: 0.9 };
const scoreOf = (
  { frames, textual }: CascadeReading,
  { allowUpTo, refuseAbove }: { allowUpTo: number | null; refuseAbove: number | null },
) =>
  refuseAbove !== null && (frames as number) > refuseAbove
    ? 1e6
    : allowUpTo !== null && (frames as number) <= allowUpTo
      ? -1e6
      : textual;

const guardOrNull = (input: Parameters<typeof calibrateCascade>[0]): ReturnType<typeof calibrateCascade> | null => {
  try {
    return calibrateCascade(input);
  } catch {
    return null;
  }
};

describe("calibrateCascade", () => {
  it("keeps one promise on both tiers together, over many draws and whatever the first tier is worth", () => {
    for (const [frameNoise, earlyRefuse] of [
      [0.15, 0.01],
      [5, 0.02],
      [0.15, 0],
    ] as const) {
      let [broken, made] = [0, 0];
      const fresh = readings(9999, 4000, 0, frameNoise);
      for (let seed = 1; seed <= 60; seed++) {
        // A first tier that refuses too much is refused itself: no guard, no promise.
        const calibrated = guardOrNull({
          readings: readings(seed, 800, 0.2, frameNoise),
          ...{ refuseOn: "textual", target, allowMiss: 0.02, earlyRefuse },
        });
        if (calibrated === null) continue;
        made++;
        const refused = fresh.filter((reading) => scoreOf(reading, calibrated) > calibrated.refusal.threshold).length;
        if (refused / fresh.length > target.targetFrr) broken++;
      }
      // At most 10 % of guards may break it: 13 of 60 has a chance below 0.5 %.
      expect(broken).toBeLessThan(13);
      expect(made).toBeGreaterThan(20);
    }
  });

  it("saves the model's time where the first tier knows, and says what it misses", () => {
    const { measured, allowUpTo, refuseAbove, safeScores } = calibrateCascade({
      readings: readings(1, 2000, 0.2, 0.05),
      refuseOn: "textual",
      target,
      allowMiss: 0.01,
      earlyRefuse: 0,
    });
    expect(allowUpTo).toBeGreaterThan(0.3);
    expect(refuseAbove).toBeNull();
    expect(measured.savedShare).toBeGreaterThan(0.5);
    expect(measured.savedShare).toBeCloseTo(measured.decidedEarly / measured.items - 1 / 20, 9);
    expect(measured.missedEarly).toBeLessThanOrEqual(0.05 * measured.harmful);
    expect(safeScores).toEqual([...safeScores].sort((a, b) => a - b));
  });

  it("refuses a first tier that alone breaks the promise", () => {
    expect(() =>
      calibrateCascade({
        readings: readings(1, 800, 0.2),
        refuseOn: "textual",
        target,
        allowMiss: 0,
        earlyRefuse: 0.3,
      }),
    ).toThrow(/refuses fewer than 0.05 of safe items.*--early-refuse/);
  });
});

it("the engine asks the model only where the first tier leaves it open", async () => {
  const file = ruleGuardFile();
  const model = ruleEngine(file);
  const classifier = await openFrameClassifier(brightness, mutable());
  const cascade = {
    firstTier: { name: "brightness.onnx", sha256: classifier.sha256, classifier: mutable() },
    ...{ allowUpTo: 0.2, refuseAbove: 0.9 },
    refusal: { ...file.calibration.refusal, threshold: 1 },
    measured: { items: 1, decidedEarly: 1, harmful: 0, missedEarly: 0, firstTierMs: 1, modelMs: 1, savedShare: 0 },
  };
  const engine = createCascadeEngine(model, classifier, cascade, { mode: "refuse" });
  const ask = async (level: number, score: number) => {
    const { verdict, tier, visual } = await engine.assess({ query: `[${score}]`, videos: [video(level)] });
    return [verdict, tier, visual === null];
  };
  expect(await ask(20, 9)).toEqual(["allow", "frames", true]);
  expect(await ask(250, -9)).toEqual(["refuse", "frames", true]);
  expect(model.inputs).toHaveLength(0);
  expect(await ask(120, 9)).toEqual(["refuse", "alarms", false]);
  expect(await ask(120, -9)).toEqual(["allow", "alarms", false]);
  expect((await engine.assess({ query: "[9]", videos: [] })).verdict).toBe("refuse");
  expect(model.inputs).toHaveLength(3);
  await engine.close();
});
