import { createRng, seedOf } from "@videosafety/random";
import type { EvalItem } from "@videosafety/safety-data";
import type { SampledVideo } from "@videosafety/video-sampler";
import type { FrameSource } from "../arms/frame-source.js";
import type { Responder, ResponderRequest } from "../run/responder.js";

/** Test items: `count` per subset over a few categories and languages, two questions per video. */
export function testItems(count: number): EvalItem[] {
  const languages = ["en", "es", "zh"];
  const leaves = [
    ["violence", "animal-abuse"],
    ["regulated-goods", "drugs"],
  ] as const;
  return (["HH", "SH", "SafeQ"] as const).flatMap((subset) =>
    Array.from({ length: count }, (_, i): EvalItem => {
      const [category, subcategory] = leaves[i % leaves.length] as (typeof leaves)[number];
      return {
        id: `${subset}-${i}`,
        subset,
        query: `question ${i} of ${subset}`,
        video: { path: `${subset}-${i >> 1}.mp4` },
        category,
        subcategory,
        language: languages[i % languages.length] as string,
        labels: { visual: subset === "HH" ? 1 : 0, textual: subset === "SafeQ" ? 0 : 1 },
      };
    }),
  );
}

/** A sampled video of noise, as `video-sampler` would return it. */
export function testVideo(name: string, count: number, height = 12, width = 16): SampledVideo {
  const random = createRng(seedOf(name));
  const data = Uint8Array.from({ length: count * height * width * 3 }, () => random.integer(256));
  return {
    frames: { data, dims: [count, height, width, 3] },
    timestampsSeconds: Float64Array.from({ length: count }, (_, t) => t),
    frameInfo: [],
    sampledFrameRate: 1,
    warnings: [],
    info: {} as SampledVideo["info"],
    stats: {} as SampledVideo["stats"],
  };
}

/** Frames made from the path; counts the decodings. */
export function testFrames(): FrameSource & { decoded: number } {
  const source = {
    decoded: 0,
    parameters: { plan: "test" },
    sha256: async ({ path }: { path: string }) => `hash of ${path}`,
    sample: async ({ path }: { path: string }, { frameCount }: { frameCount: number | null }) => {
      source.decoded++;
      return testVideo(path, frameCount ?? 4);
    },
  };
  return source;
}

/** A responder from a function of the request; counts the calls. */
export function testResponder(
  answer: (request: ResponderRequest) => string | Promise<string>,
  id = "test-model@1",
): Responder & { calls: number } {
  const responder = {
    id,
    calls: 0,
    respond: async (request: ResponderRequest) => {
      responder.calls++;
      return { text: await answer(request), finishReason: "stop" as const };
    },
  };
  return responder;
}
