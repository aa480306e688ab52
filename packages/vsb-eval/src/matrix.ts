export { buildMatrix } from "./matrix/build-matrix.js";
export { createGuardResponder, GUARD_PASS, GUARD_REFUSAL } from "./matrix/guard-responder.js";
export { type LayeredUnit, layeredUnits } from "./matrix/layered-units.js";
export { type MatrixClip, matrixClips } from "./matrix/matrix-clips.js";
export type {
  CostLog,
  CostRecord,
  MatrixAttack,
  MatrixDefense,
  MatrixGroup,
  MatrixOptions,
  MatrixRun,
} from "./matrix/matrix-options.js";
export { type MatrixPageOptions, matrixPage } from "./matrix/matrix-page.js";
export {
  MATRIX_SCHEMA,
  type MatrixCell,
  type MatrixRate,
  type MatrixResults,
  type MatrixVisibility,
  matrixResultsSchema,
  parseMatrixResults,
} from "./matrix/matrix-results.js";
export { armTitle, checkMatrix, type MatrixProgress, runMatrix } from "./matrix/run-matrix.js";
export { matrixVisibility } from "./matrix/visibility.js";
