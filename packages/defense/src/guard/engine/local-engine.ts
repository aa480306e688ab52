import { createGuard, type GuardCalibration, type GuardMode } from "@videosafety/alarm-tokens";
import type { PreparedSample, VideoLlm } from "@videosafety/video-llm";
import type { GuardEngine, GuardInput, GuardReading } from "./guard-engine.js";

/** The prompt of one input with the alarm tokens in their places, and no completion. */
export async function guardSample(
  model: VideoLlm,
  { query, videos }: GuardInput,
  signal?: AbortSignal,
): Promise<PreparedSample> {
  const visual = [];
  for (const video of videos) visual.push(await model.encodeVideo(video, signal ? { signal } : {}));
  const prompt = model.preparePrompt({ messages: [{ role: "user", content: query }], visual, alarmTokens: true });
  return { prompt, completionIds: new Int32Array(0), labels: { visual: null, textual: null } };
}

/** The two heads' logits of one input, one forward pass. @throws whatever the model throws */
export async function readGuardInput(model: VideoLlm, input: GuardInput, signal?: AbortSignal): Promise<GuardReading> {
  const states = await model.alarmStates([await guardSample(model, input, signal)], signal ? { signal } : {});
  return { visual: states.visualLogits[0] as number, textual: states.textualLogits[0] as number };
}

/** A guard of a model in this process. */
export function createLocalEngine(
  model: VideoLlm,
  calibration: GuardCalibration,
  { mode = "refuse" }: { readonly mode?: GuardMode } = {},
): GuardEngine {
  const guard = createGuard<GuardInput, PreparedSample>(model, calibration, {
    prepare: (input) => guardSample(model, input),
    mode,
  });
  return {
    ready: true,
    assess: (input, options = {}) => guard.assess(input, options),
    close: async () => {},
  };
}
