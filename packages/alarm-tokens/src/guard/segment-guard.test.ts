import { createRng } from "@videosafety/random";
import { describe, expect, test } from "vitest";
import {
  AlarmShapeError,
  atcHeadOf,
  CalibrationError,
  calibrateGuard,
  createGuard,
  type HiddenStateRequest,
  hiddenStateGuardModel,
  NonFiniteError,
  parseGuardCalibration,
  type SampleLabels,
  segmentThreshold,
} from "../index.js";

/** A sample is its hidden states [S, 2] in the last layer: the first two rows are the alarms, the others one a segment. */
type Rows = readonly (readonly [number, number])[];

/** A model of four layers that knows nothing but its samples, and counts its passes. */
const source = {
  layerCount: 4,
  passes: 0,
  async hiddenStates(samples: readonly Rows[], { positions }: HiddenStateRequest) {
    this.passes += 1;
    const rows = samples.flatMap((sample, i) => (positions[i] ?? []).map((at) => sample[at] ?? []));
    return new Map([[4, Float32Array.from(rows.flat())]]);
  },
};
const heads = {
  visual: { weight: [1, 0], bias: 0 },
  textual: { weight: [0, 1], bias: 0 },
  segments: { weight: [1, 1], bias: -1 },
};
const model = hiddenStateGuardModel<Rows>(source, {
  heads,
  placesOf: (sample) => ({
    visual: 0,
    textual: 1,
    segments: sample.slice(2).map((_, t) => ({ position: 2 + t, startSeconds: 2 * t, endSeconds: 2 * t + 2 })),
  }),
});

const rng = createRng(11);
/** A video of four segments, harmful in its second and third, or safe. */
function video(harmful: boolean): Rows {
  const row = (logit: number): [number, number] => [logit + 0.5 * rng.normal(), 0.5 * rng.normal()];
  const level = (t: number): number => (harmful && (t === 1 || t === 2) ? 4 : -3);
  return [row(harmful ? 4 : -4), [0, harmful ? 4 : -4], ...[0, 1, 2, 3].map((t) => row(level(t)))];
}

async function calibrated(targetFrr = 0.05) {
  const labels = Array.from({ length: 600 }, (_, i) => ({ visual: i % 2, textual: i % 2 }) as SampleLabels);
  const states = await model.alarmStates(labels.map(({ visual }) => video(visual === 1)));
  const segments = { logits: states.segments.map(({ logits }) => logits), targetFrr: 0.2, confidence: 0.99 };
  return calibrateGuard({ ...states, segments, labels, targetFrr });
}

describe("a guard with segment alarms", () => {
  test("logits of every head come from one pass", async () => {
    const before = source.passes;
    const { visualLogits, textualLogits, segments } = await model.alarmStates([
      [
        [3, 9],
        [9, -2],
        [1, 2],
        [0, 0],
      ],
      [
        [5, 9],
        [9, 6],
      ],
    ]);
    expect([...visualLogits]).toEqual([3, 5]);
    expect([...textualLogits]).toEqual([-2, 6]);
    expect(segments.map(({ logits }) => [...Array.from(logits)])).toEqual([[2, -1], []]);
    expect(segments[0]?.spans).toEqual([
      { startSeconds: 0, endSeconds: 2 },
      { startSeconds: 2, endSeconds: 4 },
    ]);
    expect(source.passes).toBe(before + 1);
  });

  test("says when, in one pass; safe videos have spans at most at the promised rate", async () => {
    const calibration = await calibrated();
    expect(parseGuardCalibration(JSON.parse(JSON.stringify(calibration)))).toEqual(calibration);
    const guard = createGuard(model, calibration, {
      windows: () => {
        throw new Error("no window is run again");
      },
    });
    const before = source.passes;
    const { spans, flags } = await guard.assess(video(true));
    expect([spans, flags.visual, source.passes - before]).toEqual([[{ startSeconds: 2, endSeconds: 6 }], true, 1]);
    // Of safe videos, at most 20 % have a segment above its threshold, and at most 5 % a visual alarm: fewer have a span.
    const safe = Array.from({ length: 400 }, () => video(false));
    const above = (await model.alarmStates(safe)).segments.filter(
      ({ logits }) => Math.max(...Array.from(logits)) > (calibration.segments?.threshold ?? 0),
    );
    expect(above.length / 400).toBeLessThanOrEqual(0.2 + 2 * Math.sqrt((0.2 * 0.8) / 400));
    const assessed = await Promise.all(safe.map((sample) => guard.assess(sample)));
    const told = assessed.filter((assessment) => assessment.spans.length > 0);
    expect(told.every((assessment) => assessment.flags.visual)).toBe(true);
    expect(told.length / 400).toBeLessThanOrEqual(0.05 + 2 * Math.sqrt((0.05 * 0.95) / 400));
  });

  test("an input without a video has no spans", async () => {
    const guard = createGuard(model, await calibrated());
    const { spans, verdict } = await guard.assess([
      [-4, 0],
      [0, 4],
    ]);
    expect([spans, verdict]).toEqual([[], "refuse"]);
  });

  test("without a threshold for segments, or with NaN, a guard throws", async () => {
    const { segments, ...without } = await calibrated();
    expect(segments?.count).toBe(300);
    await expect(createGuard(model, without).assess(video(true))).rejects.toThrow(CalibrationError);
    const broken: Rows = [
      [0, 0],
      [0, 0],
      [Number.NaN, 0],
    ];
    await expect(createGuard(model, await calibrated()).assess(broken)).rejects.toThrow(NonFiniteError);
  });
});

test("segmentThreshold looks at the highest segment of safe videos alone", () => {
  const labels = [0, 0, 1, 0].map((visual) => ({ visual, textual: 0 }) as SampleLabels);
  const logits = [[1, 5], [2], [9, 9], []];
  const target = { targetFrr: 0.4, confidence: null };
  const found = segmentThreshold({ logits }, labels, target);
  expect(found).toMatchObject({ threshold: 5, count: 2, rank: 2, targetFrr: 0.4 });
  expect(segmentThreshold({ logits, targetFrr: 0.7 }, labels, target)).toMatchObject({ threshold: 2, targetFrr: 0.7 });
  expect(() => segmentThreshold({ logits: logits.slice(1) }, labels, target)).toThrow(AlarmShapeError);
});

test("atcHeadOf reads a head from named tensors", () => {
  const parameters = new Map([
    ["a.weight", { data: Float32Array.of(1, 2) }],
    ["a.bias", { data: Float32Array.of(3) }],
  ]);
  expect(atcHeadOf(parameters, "a")).toEqual({ weight: Float64Array.of(1, 2), bias: 3 });
  expect(() => atcHeadOf(parameters, "b")).toThrow(/b\.weight/);
});
