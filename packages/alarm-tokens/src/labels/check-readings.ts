import { AlarmShapeError, NonFiniteError } from "../errors.js";
import { resolveLabels, type SampleLabels } from "./label-policy.js";
import type { RecordLocation } from "./record-location.js";

/**
 * Checks what two heads say of samples: one finite logit of each head per sample, labels 0, 1 or null.
 *
 * @param locations [n] where each sample's record is: named in errors; without them its index stands there
 * @throws AlarmShapeError, NonFiniteError, SafetyLabelError `label-invalid`
 */
export function checkReadings(
  visualLogits: ArrayLike<number>,
  textualLogits: ArrayLike<number>,
  labels: readonly SampleLabels[],
  locations?: readonly (RecordLocation | undefined)[],
): void {
  if (visualLogits.length !== labels.length || textualLogits.length !== labels.length) {
    throw new AlarmShapeError(
      `expected one logit of each head per sample, found ${visualLogits.length} visual and ${textualLogits.length} textual logits for ${labels.length} samples; pass them in the samples' order`,
    );
  }
  labels.forEach((label, i) => {
    const location = locations?.[i] ?? { id: `sample ${i}` };
    resolveLabels(label, { unlabeled: "mask", partial: "mask" }, location);
    for (const [modality, logits] of [
      ["visual", visualLogits],
      ["textual", textualLogits],
    ] as const) {
      if (Number.isFinite(logits[i])) continue;
      throw new NonFiniteError(
        `expected a finite ${modality} logit, found ${logits[i]}; check the model on this record`,
        { location },
      );
    }
  });
}
