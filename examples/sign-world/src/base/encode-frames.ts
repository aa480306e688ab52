import type { VideoLlm, VisualFeatures } from "@videosafety/video-llm";
import { stackFrames } from "../scenes/canvas.js";

/** Frames [112, 112, 3], one per second, as the model takes them; by default several are a video, one is an image. */
export function encodeFrames(
  model: VideoLlm,
  frames: readonly Uint8Array[],
  lazy = false,
  kind: "video" | "image" = frames.length > 1 ? "video" : "image",
): Promise<VisualFeatures> {
  const timestampsSeconds = Float64Array.from(frames, (_, t) => t);
  return model.encodeVideo({ frames: stackFrames(frames), timestampsSeconds }, { kind, lazy });
}
