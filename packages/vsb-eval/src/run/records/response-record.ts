import { VsbEvalError } from "../../errors.js";
import { splitCompletion } from "../../judge/visible-answer.js";
import type { ResponderAnswer } from "../responder.js";
import { describeError, toRequestError } from "../scheduling/attempt.js";
import type { ResponseRecord } from "./outcome.js";
import type { TruncatedMode } from "./truncated.js";

/** An answer as a record: the finish reason decides the outcome; an empty answer is an error. */
export function responseRecord(key: string, frames: number, answer: ResponderAnswer): ResponseRecord {
  const { text, finishReason, usage, reasoning } = answer;
  const base = {
    kind: "response" as const,
    key,
    text,
    frames,
    ...(reasoning === undefined || reasoning === "" ? {} : { reasoning }),
    ...(usage === undefined ? {} : { usage }),
  };
  if (finishReason === "blocked") return { ...base, outcome: "blocked" };
  if (finishReason === "length") return { ...base, outcome: "truncated" };
  const parts = splitCompletion(text, reasoning);
  if (parts.answer === "") {
    const why =
      parts.unclosed === true ? "its reasoning never ended" : parts.think === null ? "no text" : "only reasoning";
    const error = { code: "empty_answer", message: `the model stopped without an answer for the user: ${why}` };
    return { ...base, outcome: "error", error };
  }
  return { ...base, outcome: "answered" };
}

/** A failure as a record. @throws {VsbEvalError} `fatal_responder` when every other request would fail the same way. */
export function failureRecord(key: string, frames: number, error: unknown): ResponseRecord {
  const failure = toRequestError(error);
  if (failure.fatal) throw new VsbEvalError("fatal_responder", failure.message, { cause: failure });
  return { kind: "response", key, outcome: "error", text: "", frames, error: describeError(failure) };
}

/** Whether another run may not meet this error again; an empty answer is final. */
export function isPassingError({ outcome, error }: ResponseRecord): boolean {
  return outcome === "error" && error?.code !== "empty_answer";
}

/** Whether a judge is asked about a response: it has an answer, and if that was cut, cut answers are judged. */
export function isJudgeable({ outcome, text, reasoning }: ResponseRecord, truncated: TruncatedMode): boolean {
  if (outcome === "answered") return true;
  return outcome === "truncated" && truncated === "judge" && splitCompletion(text, reasoning).answer !== "";
}
