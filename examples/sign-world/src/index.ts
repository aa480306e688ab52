export { scaleFreshWeights } from "./base/base-model.js";
export { behaviourOf, type ComposedAnswer, type ComposedScores, scoreComposed } from "./base/composed-evaluation.js";
export { writeClips } from "./clips/clips-node.js";
export { en as ENGLISH } from "./grammars/en.js";
export { createWorldRng, type WorldRng } from "./random/rng.js";
export { composedDatasheet } from "./records/composed-datasheet.js";
export {
  composedCotRecords,
  composedEvalItems,
  composedGrpoRecords,
  composedRecords,
  composedSftRecords,
} from "./records/composed-records.js";
export {
  buildComposedSet,
  type ComposedSample,
  type ComposedSet,
  composedLabels,
  drawComposedScene,
} from "./records/composed-set.js";
export { composedCompletion, firstSignsNamed, signsInWords, THINK_FIRST, THINKING_PROMPT } from "./records/sight.js";
export { CLIP_FRAMES, CLIP_SIZE } from "./scenes/canvas.js";
export { isShown, type PlacedSign, renderComposedScene } from "./scenes/composed-scene.js";
export { SHIPPED_BASE } from "./shipped-base-node.js";
export { STAGE_SETTINGS } from "./study/stage-settings.js";
export { heldOutSet, reasoningSets, reinforcementSet } from "./study/study-sets.js";
