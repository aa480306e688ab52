import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FeatureCache, hasAlarms, loadVideoLlm } from "@videosafety/video-llm";
import { createLocalResponder, type Responder } from "@videosafety/vsb-eval";
import { SHIPPED_BASE } from "sign-world";
import { DEMO_CONFIG } from "./pipeline-config.js";

/**
 * A checkpoint of the demo for `vsb-eval run --responder`: the directory in VIDEOSAFETY_CHECKPOINT, or the shipped base.
 * Alarm tokens are placed where the checkpoint has trained ones.
 */
export default async function createResponder(): Promise<Responder> {
  const directory = process.env.VIDEOSAFETY_CHECKPOINT ?? SHIPPED_BASE;
  const weights = await readFile(join(directory, "model.safetensors"));
  const revision = createHash("sha256").update(weights).digest("hex").slice(0, 16);
  const model = await loadVideoLlm(directory, { memoryPattern: false });
  const features = new FeatureCache(model, { sampling: DEMO_CONFIG.sampling });
  return createLocalResponder({
    id: `defense-pipeline@${revision}`,
    model,
    featuresOf: (video) => features.ofVideo(video),
    alarmTokens: hasAlarms(model),
  });
}
