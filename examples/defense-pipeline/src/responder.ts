import { fileURLToPath } from "node:url";
import { loadRunFile, openCheckpoint } from "@videosafety/defense";
import { FeatureCache } from "@videosafety/video-llm";
import { createLocalResponder, type Responder } from "@videosafety/vsb-eval";
import { SHIPPED_BASE } from "sign-world";

/**
 * A checkpoint of the demo for `vsb-eval run --responder`: the directory in VIDEOSAFETY_CHECKPOINT, as its run had it, or the shipped
 * base. Clips are sampled, and stages asked, as `run.yaml` says.
 */
export default async function createResponder(): Promise<Responder> {
  const directory = process.env.VIDEOSAFETY_CHECKPOINT ?? SHIPPED_BASE;
  const { frames, evaluation } = await loadRunFile(fileURLToPath(new URL("../run.yaml", import.meta.url)));
  const { model, alarmTokens, notes, frames: sampling, hash } = await openCheckpoint(directory, { frames });
  const features = new FeatureCache(model, { sampling });
  const questionPrompt = evaluation?.prompts[notes?.stage ?? "base"];
  return createLocalResponder({
    id: `defense-pipeline@${hash.slice(0, 16)}`,
    ...{ model, alarmTokens, ...(questionPrompt === undefined ? {} : { questionPrompt }) },
    featuresOf: (video) => features.ofVideo(video),
  });
}
