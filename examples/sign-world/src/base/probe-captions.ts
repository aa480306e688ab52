import { statSync } from "node:fs";
import { loadCheckpoint } from "@videosafety/onnx-autodiff";
import { loadVideoLlm, type VideoLlm } from "@videosafety/video-llm";
import { firstSignsNamed, signsInWords } from "../records/sight.js";
import { isShown, renderComposedScene } from "../scenes/composed-scene.js";
import { createBaseModel } from "./base-model.js";
import { answersTo } from "./composed-evaluation.js";
import { composedConversation, SIGNS_QUERY } from "./composed-pretraining.js";
import { buildComposedTokenizer } from "./composed-tokenizer.js";
import { encodeFrames } from "./encode-frames.js";

/*
 * What the encoder of a base sees so far: captions of single frames that training never drew, and of how many of the first
 * signs they name topic, border and colour. Takes a model directory, or the state of a pre-training that still runs.
 *
 *   npx tsx examples/sign-world/src/base/probe-captions.ts degradation/pretraining.state.safetensors
 */
const PROBES = 120;
const SEED = 999;
const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error("expected a model directory or a training state: probe-captions.ts <path>");
  process.exit(2);
}
const model = await open(path);
const frames = Array.from({ length: PROBES }, (_, i) => composedConversation(SEED, i, "signs"));
const prompts = [];
for (const { scene, frames: indices } of frames) {
  if (scene === null) throw new Error("expected a scene with a caption, found none");
  const visual = await encodeFrames(model, renderComposedScene(scene, indices), true, "video");
  prompts.push(model.preparePrompt({ messages: [{ role: "user", content: SIGNS_QUERY }], visual, alarmTokens: false }));
}
const captions = await answersTo(model, prompts, 60);
await model.dispose();
const { signs, ...right } = firstSignsNamed(
  frames.map(({ scene, frames: [at = 0] }, i) => {
    const shown = scene?.signs.filter((sign) => isShown(sign, at)) ?? [];
    return { truth: `${signsInWords(shown)}.`, said: captions[i] as string };
  }),
);
const shares = Object.entries(right).map(([part, count]) => `${part} ${((100 * count) / signs).toFixed(1)} %`);
console.log(`${signs} frames with a sign: ${shares.join(", ")}`);

/** A trained model, or a fresh one with a training's weights. */
async function open(from: string): Promise<VideoLlm> {
  if (statSync(from).isDirectory()) return loadVideoLlm(from);
  const fresh = createBaseModel(0, buildComposedTokenizer());
  const parameters = fresh.trainableParameters(["llm", "visionEncoder", "projector"]);
  const { step } = await loadCheckpoint(from, { parameters });
  fresh.parametersChanged();
  console.error(`step ${step}`);
  return fresh;
}
