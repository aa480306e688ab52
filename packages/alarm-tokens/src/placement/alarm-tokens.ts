/** The token placed right after the last visual token (Emiya-syw/VideoSafety-R1 at 7589dea). */
export const VISUAL_ALARM_TOKEN = "<|visual_alarm|>";

/** The token placed right before the end-of-turn token of a user turn (same source: the first one; here the last one, `alarmPoints`). */
export const TEXTUAL_ALARM_TOKEN = "<|textual_alarm|>";

/** Both tokens in the order in which they stand in a sample. */
export const ALARM_TOKENS = [VISUAL_ALARM_TOKEN, TEXTUAL_ALARM_TOKEN] as const;

/** The authors' checkpoint names of the alarm parameters: vectors `[1, d]`, head weights `[1, d]`, head biases `[1]`. */
export const ALARM_TENSOR_NAMES = {
  visualToken: "visual_alarm_tokens",
  textualToken: "textual_alarm_tokens",
  visualHeadWeight: "visual_tokens_cls.weight",
  visualHeadBias: "visual_tokens_cls.bias",
  textualHeadWeight: "textual_tokens_cls.weight",
  textualHeadBias: "textual_tokens_cls.bias",
} as const;

/** The two things that can be harmful. */
export type Modality = "visual" | "textual";

/** Ids of the two alarm tokens in some tokenizer: looked up with `lookupAlarmTokenIds`, never hard-coded. */
export interface AlarmTokenIds {
  /** Id of `<|visual_alarm|>`. */
  readonly visual: number;
  /** Id of `<|textual_alarm|>`. */
  readonly textual: number;
}
