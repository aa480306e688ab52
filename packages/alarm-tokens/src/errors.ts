import { describeLocation, type RecordLocation } from "./labels/record-location.js";

/** What every error of this package has: a stable `code` to branch on and, where a record is at fault, its place. */
export abstract class AlarmTokensError extends Error {
  /** Stable, kebab-case; listed at each class. */
  abstract readonly code: string;
  /** Where the faulty record is, when known. */
  readonly location: RecordLocation | undefined;

  constructor(message: string, options: { cause?: unknown; location?: RecordLocation | undefined } = {}) {
    const place = describeLocation(options.location);
    super(place === "" ? message : `${place}: ${message}`, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.location = options.location;
  }
}

/** Why alarm tokens could not be placed or found. */
export type PlacementCode =
  | "no-user-turn"
  | "no-end-of-turn"
  | "visual-outside-turn"
  | "alarm-missing"
  | "alarm-duplicated"
  | "alarm-misordered"
  | "invalid-layout"
  | "no-frames";

/** The sample has no place for alarm tokens, or has the wrong ones, or the layout asked for is none: fix the record, the template or the layout. */
export class AlarmPlacementError extends AlarmTokensError {
  constructor(
    readonly code: PlacementCode,
    message: string,
    location?: RecordLocation,
  ) {
    super(message, { location });
  }
}

/** The tokenizer does not know the alarm tokens (`token-not-atomic`) or is not understood (`invalid-tokenizer`). */
export class AlarmTokenizerError extends AlarmTokensError {
  constructor(
    readonly code: "token-not-atomic" | "invalid-tokenizer",
    message: string,
  ) {
    super(message);
  }
}

/** A label is not 0 or 1 (`label-invalid`), one of the two is absent (`label-incomplete`), or both are (`label-missing`). */
export class SafetyLabelError extends AlarmTokensError {
  constructor(
    readonly code: "label-invalid" | "label-incomplete" | "label-missing",
    message: string,
    location?: RecordLocation,
  ) {
    super(message, { location });
  }
}

/** Lengths or axes that do not fit together: a programming error on the caller's side. */
export class AlarmShapeError extends AlarmTokensError {
  readonly code = "shape-mismatch";
}

/** NaN or infinity where a number is needed. */
export class NonFiniteError extends AlarmTokensError {
  readonly code = "non-finite";
}

/** A statistic needs both classes (or one named class) and the data lacks it. */
export class EmptyClassError extends AlarmTokensError {
  readonly code = "empty-class";
}

/**
 * A calibration cannot be made (`too-few-samples`, `invalid-target`) or is not one (`invalid-calibration`): collect more
 * data, ask for less, or calibrate again.
 */
export class CalibrationError extends AlarmTokensError {
  constructor(
    readonly code: "too-few-samples" | "invalid-target" | "invalid-calibration" | "invalid-readout",
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** A library that only some functions need is not installed. */
export class MissingPeerError extends AlarmTokensError {
  readonly code = "missing-peer";
}
