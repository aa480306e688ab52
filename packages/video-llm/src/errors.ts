/** What every error of this package has: a stable `code` to branch on, and a message of expected, found and next step. */
export abstract class VideoLlmError extends Error {
  /** Stable, kebab-case; listed at each class. */
  abstract readonly code: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A config.json or preprocessor_config.json that is not understood (`invalid-config`): fix the file. */
export class ConfigError extends VideoLlmError {
  readonly code = "invalid-config";
}

/** What is wrong with the weights of a checkpoint. */
export type CheckpointCode =
  | "missing-file"
  | "missing-tensor"
  | "extra-tensor"
  | "wrong-shape"
  | "wrong-dtype"
  | "truncated"
  | "cache-unwritable"
  | "duplicate-tensor"
  | "unsupported-adapter";

/** The weights contradict config.json, or a file is damaged. Names the file and the tensor where there is one. */
export class CheckpointError extends VideoLlmError {
  constructor(
    readonly code: CheckpointCode,
    message: string,
    /** Where the fault was found. */
    readonly place: { readonly file?: string; readonly tensor?: string } = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** A tokenizer without a token the model needs, or a chat template that fails (`invalid-tokenizer`). */
export class TokenizerError extends VideoLlmError {
  readonly code = "invalid-tokenizer";
}

/** Why a prompt or sample cannot be built. */
export type PromptCode =
  | "no-messages"
  | "empty-video"
  | "frame-shape"
  | "visual-count"
  | "special-token-in-text"
  | "template-reads-text"
  | "unknown-role"
  | "message-content"
  | "timestamps"
  | "too-long"
  | "empty-completion"
  | "alarm-tokens-missing"
  | "alarm-vectors";

/** A prompt, video or sample that the model cannot take: fix the input. */
export class PromptError extends VideoLlmError {
  constructor(
    readonly code: PromptCode,
    message: string,
  ) {
    super(message);
  }
}

/** Generation or training options out of range (`invalid-options`): a programming error on the caller's side. */
export class OptionsError extends VideoLlmError {
  readonly code = "invalid-options";
}

/** A value that is not finite where the model computes one (`non-finite`): the weights are broken, or too coarse. */
export class NumericsError extends VideoLlmError {
  readonly code = "non-finite";
}

/** A server refused a request, or its answer is not understood (`remote-failed`): see `status` for whether to retry. */
export class RemoteError extends VideoLlmError {
  readonly code = "remote-failed";

  constructor(
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** A model cannot be fetched from the Hugging Face hub (`hub-failed`): see `status` and the message for what to do. */
export class HubError extends VideoLlmError {
  readonly code = "hub-failed";

  constructor(
    message: string,
    /** HTTP status; 0 when there was no answer, or it was not understood. */
    readonly status: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
