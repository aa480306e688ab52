import { createRng } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import type { SampledVideo } from "@videosafety/video-sampler";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { responseKey } from "../run/records/record-keys.js";
import { DEFAULT_GENERATION } from "../run/responder.js";
import { testFrames, testItems, testVideo } from "../testing/fixtures.js";
import { parseArm, SWEEP_FRAME_COUNTS, sweepArms } from "./arm.js";
import { armApplies, armFrames, chooseVideos } from "./arm-frames.js";
import { cacheFrames } from "./cached-frames.js";
import { frameView, JITTER_LEVELS, jitterFrames, shuffleFrames } from "./frame-edits.js";

const items = testItems(4);
const [item] = items as [EvalItem];
const choose = chooseVideos(items);
const shown = async (name: string, of = item): Promise<SampledVideo> =>
  (await armFrames(parseArm(name), of, testFrames(), choose)) as SampledVideo;

describe("parseArm", () => {
  it("reads kinds and counts, and rejects the rest", () => {
    expect(parseArm("dup_jitter_16")).toEqual({ name: "dup_jitter_16", kind: "dup_jitter", frameCount: 16 });
    expect(parseArm("swapped_benign")).toMatchObject({ kind: "swapped_benign", frameCount: null });
    for (const bad of ["", "text_4", "video_0", "dup_jitter_", "video_1.5"]) expect(() => parseArm(bad)).toThrow();
    for (const name of sweepArms()) expect(parseArm(name).frameCount).not.toBeNull();
    expect(sweepArms()).toHaveLength(3 * SWEEP_FRAME_COUNTS.length);
  });
});

describe("armFrames", () => {
  it("keeps count, size and timing in every arm", async () => {
    for (const name of ["video_8", "dup_8", "dup_jitter_8", "shuffled_8", "blank_8", "swapped_benign_8"]) {
      const video = await shown(name);
      expect(video.frames.dims).toEqual([8, 12, 16, 3]);
      expect(video.timestampsSeconds).toHaveLength(8);
    }
    expect(await armFrames(parseArm("text"), item, testFrames(), choose)).toBeNull();
  });

  it("repeats the same middle frame whatever the count", async () => {
    const [few, many] = [await shown("dup_2"), await shown("dup_16")];
    for (let t = 0; t < 16; t++) expect(frameView(many, t)).toEqual(frameView(few, 0));
  });

  it("jitters copies enough to survive VideoLLaMA3's compression, and by at most two levels", async () => {
    const [plain, jittered] = [await shown("dup_4"), await shown("dup_jitter_4")];
    for (let t = 1; t < 4; t++) {
      const [before, now] = [frameView(jittered, t - 1), frameView(jittered, t)];
      const mean = now.reduce((sum, value, i) => sum + Math.abs(value - (before[i] as number)), 0) / now.length;
      // Compression drops a token below a mean difference of 0.05 grey levels.
      expect(mean).toBeGreaterThan(0.5);
      const reach = Math.max(...now.map((value, i) => Math.abs(value - (frameView(plain, t)[i] as number))));
      expect(reach).toBeLessThanOrEqual(JITTER_LEVELS);
    }
    expect(await shown("dup_jitter_4")).toEqual(jittered);
  });

  it("swaps in a safe clip of another item, the same one each time", async () => {
    const swap = choose(item, parseArm("swapped_benign"));
    expect(swap).not.toEqual(item.video);
    expect(items.find(({ video }) => video?.path === swap?.path)?.labels.visual).toBe(0);
    expect(choose(item, parseArm("swapped_benign"))).toEqual(swap);
    const harmful = items.filter(({ subset }) => subset === "HH");
    expect(armApplies(parseArm("swapped_benign"), item, chooseVideos(harmful))).toBe(false);
  });
});

describe("frame edits", () => {
  it("shuffling permutes frames and never keeps their order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(), (count, seed) => {
        const video = testVideo("clip", count, 2, 2);
        const shuffled = shuffleFrames(video, createRng(seed));
        const frames = (v: SampledVideo) => Array.from({ length: count }, (_, t) => frameView(v, t).join(","));
        expect(frames(shuffled)).not.toEqual(frames(video));
        expect(frames(shuffled).sort()).toEqual(frames(video).sort());
      }),
    );
  });
  it("leaves the source untouched", () => {
    const video = testVideo("clip", 3);
    const before = video.frames.data.slice();
    jitterFrames(video, createRng(0));
    shuffleFrames(video, createRng(0));
    expect(video.frames.data).toEqual(before);
  });
});

describe("cacheFrames", () => {
  it("decodes once for many arms, forgets by bytes, and does not remember failures", async () => {
    const source = testFrames();
    const bytes = 4 * 12 * 16 * 3;
    const cached = cacheFrames(source, { maxBytes: 2 * bytes });
    const sample = (path: string) => cached.sample({ path }, { frameCount: 4 });
    await Promise.all([sample("a"), sample("a"), sample("b")]);
    expect(source.decoded).toBe(2);
    await sample("c");
    await sample("a");
    expect(source.decoded).toBe(4);
    let fail = true;
    const flaky = cacheFrames({
      ...source,
      sample: async () => {
        if (fail) throw new Error("bad file");
        return testVideo("x", 1);
      },
    });
    await expect(flaky.sample({ path: "x" }, { frameCount: 1 })).rejects.toThrow("bad file");
    fail = false;
    await expect(flaky.sample({ path: "x" }, { frameCount: 1 })).resolves.toBeDefined();
  });
});

describe("responseKey", () => {
  const configuration = { responder: "m@1", generation: DEFAULT_GENERATION, sampling: { plan: "x" } };
  const key = (changes: Partial<typeof configuration>, arm = "video", epoch = 0, media = "hash", query = item.query) =>
    responseKey({ ...configuration, ...changes }, { ...item, query }, parseArm(arm), epoch, media);
  it("changes with everything that decides the answer, and with nothing else", async () => {
    const keys = await Promise.all([
      key({}),
      key({ responder: "m@2" }),
      key({ generation: { ...DEFAULT_GENERATION, temperature: 1 } }),
      key({ sampling: { plan: "y" } }),
      key({}, "video_4"),
      key({}, "dup_4"),
      key({}, "video", 1),
      key({}, "video", 0, "other"),
      key({}, "video", 0, "hash", "another question"),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(await responseKey(configuration, { ...item, id: "other id" }, parseArm("video"), 0, "hash")).toBe(keys[0]);
  });
});
