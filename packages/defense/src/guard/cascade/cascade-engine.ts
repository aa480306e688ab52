import type { GuardMode } from "@videosafety/alarm-tokens";
import type { GuardEngine } from "../engine/guard-engine.js";
import type { Cascade } from "../file/cascade-schema.js";
import { cascadeScore } from "./cascade-score.js";
import type { FrameClassifier } from "./frame-classifier-node.js";

/** An engine that asks a fast classifier first, and the model only where that leaves it open. */
export function createCascadeEngine(
  model: GuardEngine,
  classifier: FrameClassifier,
  cascade: Cascade,
  { mode }: { readonly mode: GuardMode },
): GuardEngine {
  const { threshold } = cascade.refusal;
  const verdict = (score: number): "allow" | GuardMode => (score > threshold ? mode : "allow");
  return {
    get ready() {
      return model.ready;
    },
    async assess(input, options = {}) {
      const started = performance.now();
      const frames = input.videos.length === 0 ? null : await classifier.score(input.videos);
      const early = cascadeScore(frames, Number.NaN, cascade);
      if (early.tier === "frames") {
        const totalMs = performance.now() - started;
        const flags = { visual: early.score > threshold, textual: false };
        return {
          verdict: verdict(early.score),
          score: early.score,
          tier: "frames",
          visual: null,
          textual: null,
          flags,
          spans: [],
          latency: { totalMs, modelMs: totalMs, guardMs: 0 },
        };
      }
      const said = await model.assess(input, options);
      const totalMs = performance.now() - started;
      return { ...said, verdict: verdict(said.score), tier: "alarms", latency: { ...said.latency, totalMs } };
    },
    async close() {
      await classifier.close();
      await model.close();
    },
  };
}
