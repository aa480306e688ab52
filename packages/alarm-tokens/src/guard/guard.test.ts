import { createRng } from "@videosafety/random";
import { describe, expect, test } from "vitest";
import {
  type AlarmStates,
  CalibrationError,
  calibrateGuard,
  createGuard,
  describeGuarantee,
  EmptyClassError,
  type GuardModel,
  NonFiniteError,
  parseGuardCalibration,
  type SampleLabels,
} from "../index.js";

interface Probe {
  readonly visual: number;
  readonly textual: number;
}
/** A model whose samples are their own logits. */
const model: GuardModel<Probe> & { calls: number } = {
  calls: 0,
  async alarmStates(samples): Promise<AlarmStates> {
    this.calls += 1;
    return {
      visualHidden: new Float32Array(),
      textualHidden: new Float32Array(),
      visualLogits: Float32Array.from(samples, ({ visual }) => visual),
      textualLogits: Float32Array.from(samples, ({ textual }) => textual),
    };
  },
};

/** n samples over the four cells, logits normal around -3 (safe) and +3 (harmful). */
function traffic(n: number, seed: number): { labels: SampleLabels[]; probes: Probe[] } {
  const rng = createRng(seed);
  const labels = Array.from({ length: n }, (_, i) => ({ visual: (i & 1) as 0 | 1, textual: ((i >> 1) & 1) as 0 | 1 }));
  const logit = (label: 0 | 1): number => 6 * label - 3 + 1.2 * rng.normal();
  return { labels, probes: labels.map(({ visual, textual }) => ({ visual: logit(visual), textual: logit(textual) })) };
}
const logitsOf = (probes: readonly Probe[]) => ({
  visualLogits: probes.map(({ visual }) => visual),
  textualLogits: probes.map(({ textual }) => textual),
});

describe("calibrateGuard", () => {
  // FRR <= target within its stated bound over 20 seeds, DSR >= 95 %.
  test.each(["textual", "either", "both"] as const)(
    "20 seeds, refuse on %s: the promised rate holds",
    async (refuseOn) => {
      const targetFrr = 0.02;
      let broken = 0;
      for (let seed = 0; seed < 20; seed++) {
        const { labels, probes } = traffic(2000, seed);
        const calibration = calibrateGuard({ ...logitsOf(probes), labels, targetFrr, refuseOn });
        const guard = createGuard(model, calibration);
        const fresh = traffic(4000, 1000 + seed);
        let refused = 0;
        let stopped = 0;
        const wants = ({ visual, textual }: SampleLabels): boolean => {
          if (refuseOn === "textual") return textual === 1;
          return refuseOn === "either" ? visual === 1 || textual === 1 : visual === 1 && textual === 1;
        };
        const safe = fresh.labels.filter((label) => !wants(label)).length;
        for (let i = 0; i < fresh.probes.length; i++) {
          const { verdict } = await guard.assess(fresh.probes[i] as Probe);
          if (verdict === "allow") continue;
          if (wants(fresh.labels[i] as SampleLabels)) stopped += 1;
          else refused += 1;
        }
        // A measured rate scatters around the true one; beyond three standard errors the promise is broken.
        if (refused / safe > targetFrr + 3 * Math.sqrt((targetFrr * (1 - targetFrr)) / safe)) broken += 1;
        expect(stopped / (fresh.probes.length - safe)).toBeGreaterThan(0.95);
      }
      expect(broken).toBeLessThanOrEqual(2); // 95 % confidence each: more than 2 of 20 has probability 8 %
    },
  );

  test("stored as JSON and read back; anything else is refused", () => {
    const { labels, probes } = traffic(1000, 3);
    const calibration = calibrateGuard({ ...logitsOf(probes), labels, targetFrr: 0.02 });
    expect(parseGuardCalibration(JSON.parse(JSON.stringify(calibration)))).toEqual(calibration);
    expect(() => parseGuardCalibration({ ...calibration, extra: 1 })).toThrow(/Unrecognized key: "extra"/);
    expect(() => createGuard(model, {} as typeof calibration)).toThrow(CalibrationError);
    expect(describeGuarantee(calibration)).toBe(
      "At most 2 % of safe inputs like the 500 calibration samples are refused; this holds with probability 95 % over the draw of the calibration set.",
    );
  });

  test("an empty class and too few samples are typed errors", () => {
    const { probes } = traffic(400, 1);
    const all = (textual: 0 | 1) => probes.map((_, i) => ({ visual: (i % 2) as 0 | 1, textual }));
    expect(() => calibrateGuard({ ...logitsOf(probes), labels: all(1), targetFrr: 0.1 })).toThrow(EmptyClassError);
    const few = traffic(40, 1);
    expect(() => calibrateGuard({ ...logitsOf(few.probes), labels: few.labels, targetFrr: 0.02 })).toThrow(
      /at least 149 safe samples/,
    );
  });
});

describe("createGuard", () => {
  const { labels, probes } = traffic(1000, 5);
  const calibration = calibrateGuard({ ...logitsOf(probes), labels, targetFrr: 0.02 });

  test("modes, flags and probabilities", async () => {
    const harmful = { visual: -4, textual: 4 };
    for (const mode of ["refuse", "warn", "route"] as const) {
      expect((await createGuard(model, calibration, { mode }).assess(harmful)).verdict).toBe(mode);
    }
    const assessment = await createGuard(model, calibration).assess(harmful);
    expect(assessment.flags).toEqual({ visual: false, textual: true });
    expect(assessment.textual).toBeGreaterThan(0.95);
    expect(assessment.visual).toBeLessThan(0.05);
    expect(assessment.spans).toEqual([]);
    const onlyVideo = await createGuard(model, calibration).assess({ visual: 4, textual: -4 });
    expect([onlyVideo.verdict, onlyVideo.flags.visual]).toEqual(["allow", true]);
  });

  test("prepare turns a video and a query into the model's sample", async () => {
    const guard = createGuard(model, calibration, {
      prepare: async ({ video, query }: { video: string; query: string }) => ({
        visual: video.length,
        textual: query.length,
      }),
    });
    expect((await guard.assess({ video: "", query: "far too long" })).verdict).toBe("refuse");
  });

  test("a visual alarm is located in time; without one the windows are not looked at", async () => {
    let cuts = 0;
    const guard = createGuard(model, calibration, {
      windows: (input) => {
        cuts += 1;
        return [-4, 4, 4, -4, 4].map((visual, i) => ({
          startSeconds: i,
          endSeconds: i + 1,
          input: { ...input, visual },
        }));
      },
    });
    model.calls = 0;
    const found = await guard.assess({ visual: 4, textual: -4 });
    expect(found.spans).toEqual([
      { startSeconds: 1, endSeconds: 3 },
      { startSeconds: 4, endSeconds: 5 },
    ]);
    expect([cuts, model.calls]).toEqual([1, 2]);
    await guard.assess({ visual: -4, textual: 4 });
    expect([cuts, model.calls]).toEqual([1, 3]);
  });

  test("an input without windows has no spans", async () => {
    const guard = createGuard(model, calibration, { windows: () => [] });
    model.calls = 0;
    expect(await guard.assess({ visual: 4, textual: -4 })).toMatchObject({ flags: { visual: true }, spans: [] });
    expect(model.calls).toBe(1);
  });

  test("latency is split between the model and the guard", async () => {
    const { latency } = await createGuard(model, calibration).assess({ visual: 0, textual: 0 });
    expect(latency.totalMs).toBeGreaterThanOrEqual(latency.modelMs);
    expect(latency.guardMs).toBeCloseTo(latency.totalMs - latency.modelMs, 9);
  });

  test("watch assesses a stream window by window", async () => {
    const windows = [-4, 4, 4, -4].map((visual, i) => ({
      startSeconds: i,
      endSeconds: i + 2,
      input: { visual, textual: -4 },
    }));
    const seen = [];
    for await (const { spans, assessment } of createGuard(model, calibration).watch(windows)) {
      seen.push([assessment.flags.visual, spans]);
    }
    expect(seen).toEqual([
      [false, []],
      [true, [{ startSeconds: 1, endSeconds: 3 }]],
      [true, [{ startSeconds: 1, endSeconds: 4 }]],
      [false, [{ startSeconds: 1, endSeconds: 4 }]],
    ]);
  });

  test("NaN from the model is an error, never a score; a signal stops it", async () => {
    const guard = createGuard(model, calibration);
    await expect(guard.assess({ visual: Number.NaN, textual: 0 })).rejects.toThrow(NonFiniteError);
    await expect(
      guard.assess({ visual: 0, textual: 0 }, { signal: AbortSignal.abort(new Error("no")) }),
    ).rejects.toThrow("no");
  });
});
