/** Why a record was refused. */
export type RecordErrorCode = "invalid-json" | "invalid-record" | "line-too-long";

/** A record that cannot be used: where it stands, what was expected and what was found. */
export class RecordError extends Error {
  override readonly name = "RecordError";

  /**
   * @param code stable reason, safe to switch on
   * @param message expected, found, next step
   * @param line 1-based line number, or null when the record does not come from a file
   * @param options `cause`: the error underneath
   */
  constructor(
    readonly code: RecordErrorCode,
    message: string,
    readonly line: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A completion that cannot be written in the tagged format because a field holds one of the format's own tags. */
export class CompletionFormatError extends Error {
  override readonly name = "CompletionFormatError";
  /** Stable reason, safe to switch on. */
  readonly code = "tag-in-field";
}

/** A lock file that cannot be had: another live process has it ("locked"), or its folder takes no file ("write-failed"). */
export class FileLockError extends Error {
  override readonly name = "FileLockError";

  /** @param code stable reason, safe to switch on; @param message expected, found, next step */
  constructor(
    readonly code: "locked" | "write-failed",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Why a grammar was refused. */
export type GrammarErrorCode =
  | "invalid"
  | "syntax"
  | "unknown-slot"
  | "cycle"
  | "unused-rule"
  | "too-large"
  | "no-split";

/** A grammar file that cannot be used: where in it, what was expected and what was found. */
export class GrammarError extends Error {
  override readonly name = "GrammarError";

  /**
   * @param code stable reason, safe to switch on
   * @param message expected, found, next step
   * @param place where in the file: language, rule and production
   * @param options `cause`: the error underneath
   */
  constructor(
    readonly code: GrammarErrorCode,
    message: string,
    readonly place: string,
    options?: ErrorOptions,
  ) {
    super(`${place}: ${message}`, options);
  }
}

/** Why a generation stopped: nothing that was paid for is lost, and the same call goes on where it stopped. */
export type GenerationErrorCode = "config" | "journal" | "incomplete" | "budget";

/** A generation that cannot start or is not complete. */
export class GenerationError extends Error {
  override readonly name = "GenerationError";

  /** @param code stable reason, safe to switch on; @param message expected, found, next step */
  constructor(
    readonly code: GenerationErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
