import type { EvalItem } from "@videosafety/safety-data";
import type { SampledVideo, SamplePlan } from "@videosafety/video-sampler";
import type { FrameSource } from "../arms/frame-source.js";
import { drawnPlan, plannedMoments } from "../arms/planned-moments.js";
import type { ResponderRequest } from "../run/responder.js";

const FACTS = { durationSeconds: 6, frameRate: 8 };
const SIDE = 16;

/** Clips of one colour: red where the path says `red`, else grey. Half of the items harmful, two queries per clip. */
export function colouredItems(count: number): EvalItem[] {
  return Array.from({ length: count }, (_, i): EvalItem => {
    const harmful = i % 2 === 0;
    return {
      id: `item-${i}`,
      subset: harmful ? "HH" : "SafeQ",
      query: `what about ${i}`,
      video: { path: `${harmful ? "red" : "grey"}-${i >> 2}.mp4` },
      category: null,
      subcategory: null,
      language: "en",
      labels: { visual: harmful ? 1 : 0, textual: harmful ? 1 : 0 },
    };
  });
}

function paint(path: string, seconds: readonly number[]): SampledVideo {
  const data = new Uint8Array(seconds.length * SIDE * SIDE * 3);
  const colour = path.includes("red") ? [250, 10, 10] : [120, 120, 120];
  for (let i = 0; i < data.length; i++) data[i] = colour[i % 3] as number;
  return {
    frames: { data, dims: [seconds.length, SIDE, SIDE, 3] },
    timestampsSeconds: Float64Array.from(seconds),
    frameInfo: [],
    sampledFrameRate: 1,
    warnings: [],
    info: {} as SampledVideo["info"],
    stats: {} as SampledVideo["stats"],
  };
}

/** Frames of {@link colouredItems} by a plan, without a file. */
export function colouredFrames(plan: SamplePlan, assumedPlan: SamplePlan = plan): FrameSource {
  const moments = (video: { readonly path: string }, count: number | null): number[] =>
    plannedMoments(drawnPlan(plan, video), FACTS, count).map(({ seconds }) => seconds);
  return {
    parameters: { plan: plan as never },
    sha256: async ({ path }) => `hash of ${path}`,
    sample: async (video, { frameCount }) => paint(video.path, moments(video, frameCount)),
    timed: {
      plan,
      assumedPlan,
      facts: async () => FACTS,
      at: async ({ path }, seconds) => paint(path, seconds),
    },
  };
}

/** How red the reddest pixel of a request is, 0 to 1: a guard that sees exactly what is shown. */
export function redness({ frames }: Pick<ResponderRequest, "frames">): number {
  let most = 0;
  const { data } = frames?.frames ?? { data: new Uint8Array() };
  for (let i = 0; i < data.length; i += 3) most = Math.max(most, ((data[i] as number) - (data[i + 1] as number)) / 240);
  return most;
}
