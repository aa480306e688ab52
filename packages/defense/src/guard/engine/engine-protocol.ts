import type { EngineAssessment, GuardInput } from "./guard-engine.js";

/** What an engine's process is started with. */
export interface EngineSettings {
  /** Directory or hub id of the checkpoint. */
  readonly checkpoint: string;
  /** Adapter on it: directory or id. */
  readonly adapter?: string;
  /** Path of the guard file; the model is held as it was when it was calibrated. */
  readonly guardFile: string;
  /** What an alarm means. */
  readonly mode: "refuse" | "warn" | "route";
  /** ONNX file of the first tier, where the guard file has one. */
  readonly firstTier?: string;
}

/** To the process. */
export type EngineRequest =
  | { readonly type: "assess"; readonly id: number; readonly input: GuardInput }
  | { readonly type: "drop"; readonly id: number };

/** From the process. */
export type EngineReply =
  | { readonly type: "ready" }
  | { readonly type: "unusable"; readonly message: string }
  | { readonly type: "assessed"; readonly id: number; readonly assessment: EngineAssessment }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly code: "invalid-input" | "guard-failed";
      readonly message: string;
    };
