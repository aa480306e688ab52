/** Base of every error this package throws. `code` is stable and may be matched on. */
export abstract class GrpoError extends Error {
  /** Stable machine-readable identifier of the failure. */
  abstract readonly code: string;
}

/** A configuration that cannot be honoured: an unknown option, a value out of range, options that exclude each other. */
export class GrpoConfigError extends GrpoError {
  readonly code = "GRPO_CONFIG";
  override readonly name = "GrpoConfigError";
}

/** Data that breaks a contract: mismatched lengths, missing rows, a non-finite reward or log-probability. */
export class GrpoDataError extends GrpoError {
  readonly code = "GRPO_DATA";
  override readonly name = "GrpoDataError";
}

/** Valid inputs whose loss or gradient is not finite, most often an importance ratio that overflowed. */
export class GrpoNumericError extends GrpoError {
  readonly code = "GRPO_NUMERIC";
  override readonly name = "GrpoNumericError";
}

/** A rollout source (a policy or an HTTP endpoint) that answered something other than what it promised. */
export class GrpoRolloutError extends GrpoError {
  readonly code = "GRPO_ROLLOUT";
  override readonly name = "GrpoRolloutError";
}

/** A checkpoint that is missing, damaged, or of a run with another configuration. */
export class GrpoCheckpointError extends GrpoError {
  readonly code = "GRPO_CHECKPOINT";
  override readonly name = "GrpoCheckpointError";
}
