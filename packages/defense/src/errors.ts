/** Codes of {@link DefenseError}: stable, safe to branch on. */
export type DefenseErrorCode =
  | "usage"
  | "invalid-run-file"
  | "invalid-record"
  | "media-missing"
  | "labels-missing"
  | "stage-order"
  | "run-differs"
  | "run-locked"
  | "disk-full"
  | "no-decoder"
  | "provider-absent"
  | "model-unusable"
  | "invalid-input"
  | "guard-failed";

/** A mistake that the caller can act on: the message says what was expected, what was found and what to do next. */
export class DefenseError extends Error {
  override readonly name = "DefenseError";

  /** @param code stable identifier; @param message what was expected, what was found, what to do next. */
  constructor(
    readonly code: DefenseErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Whether a failure is that of a full disk, itself or in what caused it. */
export function isDiskFull(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause)
    if (["ENOSPC", "EDQUOT"].includes((one as NodeJS.ErrnoException).code ?? "")) return true;
  return false;
}
