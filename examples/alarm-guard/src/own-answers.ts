import type { PreparedSample, VideoLlm } from "@videosafety/video-llm";
import { classifyRefusal } from "@videosafety/vsb-eval/judge";
import { answersRefuse, type RefusalRates, refusalRates } from "./alarm-readings.js";

/** Long enough to tell a refusal in any of the demo's languages. */
const ANSWER_TOKENS = 48;

/** What a model refuses by itself, judged by vsb-eval's refusal rules. */
export async function ownRates(model: VideoLlm, samples: readonly PreparedSample[]): Promise<RefusalRates> {
  const isRefusal = (text: string): boolean => classifyRefusal(text).stance === "refusal";
  const refused = await answersRefuse(model, samples, isRefusal, ANSWER_TOKENS);
  return refusalRates(
    refused,
    samples.map(({ labels }) => labels),
  );
}
