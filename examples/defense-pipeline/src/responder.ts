import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadVideoLlm } from "@videosafety/video-llm";
import type { Responder } from "@videosafety/vsb-eval";
import { ClipFeatures } from "./clip-features-node.js";
import { LocalResponder } from "./local-responder-node.js";
import { DEMO_CONFIG } from "./pipeline-config.js";
import { SHIPPED_BASE } from "./run-pipeline-node.js";

/**
 * A checkpoint of the demo for `vsb-eval run --responder`: the directory in VIDEOSAFETY_CHECKPOINT, or the shipped base.
 * Alarm tokens are placed where the checkpoint has trained ones.
 */
export default async function createResponder(): Promise<Responder> {
  const directory = process.env.VIDEOSAFETY_CHECKPOINT ?? SHIPPED_BASE;
  const weights = await readFile(join(directory, "model.safetensors"));
  const revision = createHash("sha256").update(weights).digest("hex").slice(0, 16);
  const model = await loadVideoLlm(directory, { memoryPattern: false });
  const alarmTokens = model.tensors.get("visual_alarm_tokens")?.data.some((value) => value !== 0) ?? false;
  return new LocalResponder(
    `defense-pipeline@${revision}`,
    model,
    new ClipFeatures(model, DEMO_CONFIG.sampling),
    alarmTokens,
  );
}
