import { DEFAULT_LANGUAGES, evalItemSchema, VSE_ASSUMED_V1 } from "@videosafety/safety-data";
import { afterEach, describe, expect, it } from "vitest";
import { checkItems } from "../data/check-items.js";
import { testFrames, testVideo } from "../testing/fixtures.js";
import { type MockServer, startMockServer } from "../testing/mock-server-node.js";
import { type Annotator, createOpenAiAnnotator } from "./annotation.js";
import { buildBenchmark, splitOf } from "./build-benchmark.js";
import { clipHash, hashDistance, isStaticClip, meanFeatureSimilarity } from "./clip-features.js";
import { datasheet } from "./datasheet.js";
import { QUERY_TEMPLATES } from "./query-templates.js";

let server: MockServer | undefined;
afterEach(() => server?.close());

const annotator = (id: string, visual: (call: number) => 0 | 1 | null): Annotator => {
  let call = 0;
  return {
    id,
    annotate: async () => {
      const label = visual(call++);
      if (label === null) throw new Error("no answer");
      return { visual: label, subcategory: "drugs" };
    },
  };
};

describe("buildBenchmark", () => {
  it("filters, labels by majority, asks in ten languages and splits by video", async () => {
    const frames = testFrames();
    const still = testVideo("still", 1);
    frames.sample = async ({ path }, { frameCount }) => {
      if (path === "broken") throw new Error("not a video");
      if (path !== "still") return testVideo(path === "copy" ? "a" : path, frameCount ?? 4);
      const data = new Uint8Array(8 * still.frames.data.length);
      for (let t = 0; t < 8; t++) data.set(still.frames.data, t * still.frames.data.length);
      return { ...still, frames: { data, dims: [8, 12, 16, 3] } };
    };
    const paths = ["a", "still", "broken", "copy", "b", "c"];
    // Clips a, b, c reach the annotators: a harmful 2:1, b safe 2:0 with a failure, c tied by a failure.
    const annotators = [
      annotator("x", (i) => [1, 0, 1][i] as 1),
      annotator("y", (i) => [1, 0, 0][i] as 1),
      annotator("z", (i) => [0, null, null][i] as 0),
    ];
    const built = await buildBenchmark({ videos: paths.map((path) => ({ path })), frames, annotators });
    expect(built.dropped).toEqual([
      { path: "still", reason: "static" },
      { path: "broken", reason: "unreadable" },
      { path: "copy", reason: "duplicate" },
      { path: "c", reason: "no_majority" },
    ]);
    expect(built.items).toHaveLength(2 * 2 * 10);
    for (const item of built.items)
      expect(evalItemSchema.safeParse({ ...item, video: { path: item.video?.path } }).error).toBeUndefined();
    expect(checkItems(built.items, VSE_ASSUMED_V1).problems).toEqual([]);
    expect(checkItems(built.items, null).counts.subset).toEqual({ HH: 10, SH: 10, SafeQ: 20 });
    expect(built.harmAgreement).toMatchObject({ units: 3 });
    const sheet = datasheet(built, { name: "mini", annotators: ["x", "y", "z"], taxonomy: VSE_ASSUMED_V1.id });
    expect(sheet).toContain("40 video-query pairs on 2 videos");
    expect(sheet).toContain("1 static, 1 unreadable, 1 duplicate, 1 no_majority");
  });

  it("has harmful and safe templates in every default language, each harmful one with a topic", () => {
    for (const language of DEFAULT_LANGUAGES) {
      const { harmful, safe } = QUERY_TEMPLATES[language] as (typeof QUERY_TEMPLATES)["en"] & object;
      expect(harmful.every((text) => text.includes("{topic}"))).toBe(true);
      expect(safe.length).toBe(harmful.length);
    }
  });

  it("splits in the given shares", () => {
    const names = Array.from({ length: 4000 }, (_, i) => splitOf(`video ${i}`, { train: 3, eval: 1 }));
    expect(names.filter((name) => name === "eval").length / 4000).toBeCloseTo(0.25, 1);
    expect(splitOf("video 1", { train: 3, eval: 1 })).toBe(names[1]);
  });
});

describe("clip features", () => {
  it("finds copies after noise, and tells clips apart", () => {
    const video = testVideo("clip", 3, 64, 72);
    const noisy = {
      ...video,
      frames: { ...video.frames, data: video.frames.data.map((v, i) => Math.min(255, v + (i % 2))) },
    };
    expect(hashDistance(clipHash(video), clipHash(noisy))).toBeLessThanOrEqual(4);
    expect(hashDistance(clipHash(video), clipHash(testVideo("other", 3, 64, 72)))).toBeGreaterThan(10);
  });
  it("uses features where given", async () => {
    const video = testVideo("clip", 4);
    const constant = async () => new Float32Array([1, 2]);
    expect(await meanFeatureSimilarity(video, constant)).toBeCloseTo(1, 6);
    expect(await isStaticClip(video)).toBe(false);
    expect(await isStaticClip(video, { features: constant })).toBe(true);
  });
});

describe("createOpenAiAnnotator", () => {
  it("reads labels of the taxonomy and rejects others", async () => {
    let reply = '{"harmful": true, "subcategory": "drugs"}';
    server = await startMockServer(() => reply);
    const model = createOpenAiAnnotator({
      baseUrl: server.baseUrl,
      model: "m",
      revision: "1",
      taxonomy: VSE_ASSUMED_V1,
    });
    expect(await model.annotate(testVideo("x", 2), {})).toEqual({ visual: 1, subcategory: "drugs" });
    reply = '{"harmful": true, "subcategory": "nonsense"}';
    await expect(model.annotate(testVideo("x", 2), {})).rejects.toMatchObject({ code: "invalid_response" });
  });
});
