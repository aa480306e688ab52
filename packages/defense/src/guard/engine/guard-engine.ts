import type { Assessment } from "@videosafety/alarm-tokens";

/** Sampled frames of one video, or a picture as a video of one frame. */
export interface GuardVideo {
  /** uint8 RGB [T, H, W, 3]. */
  readonly frames: { readonly data: Uint8Array; readonly dims: readonly [number, number, number, number] };
  /** [T] seconds. */
  readonly timestampsSeconds: Float64Array;
  /** Sampled frames per second of video, where known. */
  readonly sampledFrameRate?: number;
}

/** What a guard assesses: one user turn. */
export interface GuardInput {
  /** What the user asks. */
  readonly query: string;
  /** What the user shows, in order; empty for a question about nothing shown. */
  readonly videos: readonly GuardVideo[];
}

/** Logits of the two heads for one input. */
export interface GuardReading {
  readonly visual: number;
  readonly textual: number;
}

/** What an engine says of an input: an assessment, and which part of a cascade decided. */
export interface EngineAssessment extends Omit<Assessment, "visual" | "textual"> {
  /** Calibrated p(harm | video); null when the first tier decided. */
  readonly visual: number | null;
  /** Calibrated p(harm | query, video); null when the first tier decided. */
  readonly textual: number | null;
  /** `frames`: the fast first tier; `alarms` (default): the model's alarm tokens. */
  readonly tier?: "frames" | "alarms";
}

/** Where inputs are assessed: in this process (`createLocalEngine`) or in one of their own (`startEngineProcess`). */
export interface GuardEngine {
  /** @throws DefenseError `invalid-input` for what the model cannot take, such as a text that is too long; whatever else the model throws; the signal's reason */
  assess(input: GuardInput, options?: { readonly signal?: AbortSignal }): Promise<EngineAssessment>;
  /** Whether an input would be assessed now. */
  readonly ready: boolean;
  /** Processes that ended and were replaced; undefined where there is no process of its own. */
  readonly restarts?: number;
  close(): Promise<void>;
}
