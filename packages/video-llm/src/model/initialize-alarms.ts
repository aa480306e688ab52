import { ALARM_TENSOR_NAMES, initializeAlarmToken } from "@videosafety/alarm-tokens";
import { OptionsError } from "../errors.js";
import type { VideoLlm } from "./video-llm.js";

/** Where the two alarm vectors start. */
export type AlarmStart =
  /** All zeros, as the authors do, and as fresh models have it. */
  | "zeros"
  /** The mean of the model's token embeddings: in distribution, no meaning. */
  | "mean"
  /** The mean embedding of a describing word or phrase each, e.g. "harmful video" and "harmful request". */
  | { readonly visual: string; readonly textual: string };

/**
 * Writes the start values of a model's alarm tokens into it: once, before stage 1. A word is encoded as it stands: a leading
 * space makes it the token of a word inside a sentence.
 *
 * @throws OptionsError for an empty phrase or one that spells a special token; AlarmShapeError, NonFiniteError for a broken
 *   embedding table.
 */
export function initializeAlarms(model: VideoLlm, start: AlarmStart): void {
  const names = { visual: ALARM_TENSOR_NAMES.visualToken, textual: ALARM_TENSOR_NAMES.textualToken };
  const vectorOf = startOf(model, start);
  const vectors = { visual: vectorOf("visual"), textual: vectorOf("textual") }; // both, before anything is written
  const live = model.trainableParameters(["alarmTokens"]);
  for (const modality of ["visual", "textual"] as const) live.get(names[modality])?.data.set(vectors[modality]);
  model.parametersChanged();
}

function startOf(model: VideoLlm, start: AlarmStart): (modality: "visual" | "textual") => Float32Array {
  const { hiddenSize, tokenizer } = model;
  if (start === "zeros") return () => initializeAlarmToken({ method: "zeros", hiddenSize });
  const table = model.tensors.get("model.embed_tokens.weight");
  if (table === undefined) throw new OptionsError("expected a model with token embeddings, found none");
  // Rows beyond the vocabulary pad the table and mean nothing. A frozen table is read from its file here, once.
  const rows = Math.min(table.dims[0] as number, tokenizer.vocabularySize);
  const embeddings = { data: table.data.subarray(0, rows * hiddenSize), dims: [rows, hiddenSize] };
  if (start === "mean") {
    const mean = initializeAlarmToken({ method: "mean", embeddings });
    return () => mean;
  }
  return (modality) => {
    const phrase = start[modality];
    const special = tokenizer.findSpecial(phrase);
    const tokenIds = tokenizer.encode(phrase);
    if (special !== undefined || tokenIds.length === 0) {
      throw new OptionsError(
        `expected a word or phrase for the ${modality} alarm, found ${special ?? "an empty text"}; describe what it should perceive, e.g. "harmful ${modality === "visual" ? "video" : "request"}"`,
      );
    }
    return initializeAlarmToken({ method: "tokens", embeddings, tokenIds });
  };
}

/**
 * Whether both alarm vectors of a model hold anything: as zeros, what a fresh or converted model has, they were never trained
 * nor initialised, and a prompt is better without them.
 */
export function hasAlarms(model: Pick<VideoLlm, "tensors">): boolean {
  return [ALARM_TENSOR_NAMES.visualToken, ALARM_TENSOR_NAMES.textualToken].every(
    (name) => model.tensors.get(name)?.data.some((value) => value !== 0) ?? false,
  );
}
