import type { VideoLlm, VisualFeatures } from "@videosafety/video-llm";
import { CLIP_SIZE } from "../scenes/canvas.js";

/** Frames [112, 112, 3], one per second, as the model takes them; by default several are a video, one is an image. */
export function encodeFrames(
  model: VideoLlm,
  frames: readonly Uint8Array[],
  lazy = false,
  kind: "video" | "image" = frames.length > 1 ? "video" : "image",
): Promise<VisualFeatures> {
  const data = new Uint8Array(frames.length * CLIP_SIZE * CLIP_SIZE * 3);
  for (const [t, rgb] of frames.entries()) data.set(rgb, t * rgb.length);
  const dims = [frames.length, CLIP_SIZE, CLIP_SIZE, 3] as const;
  const timestampsSeconds = Float64Array.from(frames, (_, t) => t);
  return model.encodeVideo({ frames: { data, dims }, timestampsSeconds }, { kind, lazy });
}
