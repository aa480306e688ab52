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
