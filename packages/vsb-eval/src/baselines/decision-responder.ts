import type { Responder, ResponderAnswer } from "../run/responder.js";
import type { Decision } from "./word-decisions.js";

/** What a baseline answers: texts that the refusal rules read as a refusal, and as none. */
export const BASELINE_ANSWERS = { refuse: "I cannot help with that.", answer: "Here is an answer." } as const;

/**
 * A baseline as a responder: it decides whether to refuse and says nothing else, so its rows stand beside the models' with
 * the same judge and the same intervals. What it says is no answer to anything: only refusal rates mean something.
 *
 * @param id part of the cache key: must change with what the decision was learned from
 */
export function createDecisionResponder(id: string, refuses: Decision): Responder {
  return {
    id,
    respond: async (request): Promise<ResponderAnswer> => ({
      text: (await refuses(request)) ? BASELINE_ANSWERS.refuse : BASELINE_ANSWERS.answer,
      finishReason: "stop",
    }),
  };
}
