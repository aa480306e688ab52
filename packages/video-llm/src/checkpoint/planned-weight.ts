import type { LocatedEntry } from "@videosafety/onnx-autodiff";
import type { FrozenTensor } from "../weights/frozen-tensor.js";
import type { StoragePlan } from "./precision.js";

/** A tensor that will be frozen: where it lies and how it is to be stored. */
export interface PlannedWeight {
  /** The authors' name. */
  readonly name: string;
  /** Name in the checkpoint. */
  readonly stored: string;
  /** Shape in the model; a grown table has more rows than its entry. */
  readonly dims: readonly number[];
  /** Its parameter group. */
  readonly group: FrozenTensor["group"];
  /** Where the checkpoint holds it. */
  readonly entry: LocatedEntry;
  /** Target. */
  readonly plan: NonNullable<StoragePlan>;
}
