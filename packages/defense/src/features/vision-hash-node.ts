import { createHash } from "node:crypto";
import type { VideoLlm } from "@videosafety/video-llm";
import { cpuFeatures } from "@videosafety/vsb-eval/node";

/** Raise it when features are made or kept in another way. */
const FORMAT = 1;

/**
 * What the features of a video depend on beside the video: weights of the vision encoder and the projector, how frames become
 * patches, and what rounds (providers, vector instructions): features that are found are those that would be computed, bit for bit.
 */
export function visionHash(model: VideoLlm, providers: readonly string[] = ["cpu"]): string {
  const { family, vision, useTokenCompression, hiddenSize } = model.config;
  const settings = { FORMAT, family, vision, useTokenCompression, hiddenSize, preprocessor: model.preprocessor };
  const hash = createHash("sha256").update(JSON.stringify({ ...settings, providers, cpu: cpuFeatures() }));
  for (const [name, { group, data, dims }] of model.tensors) {
    if (group !== "visionEncoder" && group !== "projector") continue;
    hash.update(`${name}[${dims}]`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
