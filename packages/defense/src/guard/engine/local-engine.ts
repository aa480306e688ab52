import { createGuard, type GuardCalibration, type GuardMode } from "@videosafety/alarm-tokens";
import { NumericsError, type PreparedSample, type VideoLlm, VideoLlmError } from "@videosafety/video-llm";
import { VideoSamplerError } from "@videosafety/video-sampler";
import { DefenseError } from "../../errors.js";
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
    assess: (input, options = {}) =>
      guard.assess(input, options).catch((cause: unknown) => {
        throw liesInInput(cause) ? new DefenseError("invalid-input", cause.message, { cause }) : cause;
      }),
    close: async () => {},
  };
}

/** Whether the input is at fault, such as a text that is too long or a picture that is too narrow. Of the faults that have a name only broken numbers are the model's. */
const liesInInput = (error: unknown): error is Error =>
  error instanceof VideoSamplerError || (error instanceof VideoLlmError && !(error instanceof NumericsError));
