import { AlarmTokensError } from "../errors.js";

/** A training configuration that cannot work: fix it before starting. */
export class AlarmTrainingConfigError extends AlarmTokensError {
  readonly code = "invalid-config";
}

/** The loss or a gradient became NaN or infinite: lower the learning rate, or look at the named records. */
export class TrainingDivergedError extends AlarmTokensError {
  readonly code = "diverged";

  constructor(
    message: string,
    /** The optimizer step (from 1) at which it happened; the parameters are those before it. */
    readonly step: number,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** A checkpoint that cannot be resumed: damaged, another trainer's, or of a run with other settings, data or parameters. */
export class CheckpointMismatchError extends AlarmTokensError {
  readonly code = "checkpoint-mismatch";
}
