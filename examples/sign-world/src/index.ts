export { scaleFreshWeights } from "./base/base-model.js";
export { type ClipPlan, type RenderedClip, writeClips, writeRenderedClips } from "./clips/clips-node.js";
export { openClipEncoder } from "./clips/encoder-node.js";
export { renderScene, SAMPLED_FRAMES, type Scene } from "./clips/scene.js";
export { createWorldRng, type WorldRng } from "./random/rng.js";
export { safetyLabels } from "./records/completions.js";
export {
  buildSet,
  cotRecords,
  DEFAULT_EVAL_COUNTS,
  evalItems,
  grpoRecords,
  referenceCompletion,
  type SampleCounts,
  sftRecords,
  trainingCounts,
  type WorldSample,
  type WorldSet,
} from "./records/datasets.js";
export { datasheet } from "./records/datasheet.js";
export { SHIPPED_BASE } from "./shipped-base-node.js";
export {
  behaviourOf,
  type ComposedAnswer,
  type ComposedScores,
  scoreComposed,
} from "./v2/base/composed-evaluation.js";
export { en as ENGLISH } from "./v2/grammars/en.js";
export { glyphName } from "./v2/records/clip-queries.js";
export { composedDatasheet } from "./v2/records/composed-datasheet.js";
export {
  composedCotRecords,
  composedEvalItems,
  composedGrpoRecords,
  composedRecords,
  composedSftRecords,
} from "./v2/records/composed-records.js";
export {
  buildComposedSet,
  type ComposedSample,
  type ComposedSet,
  composedLabels,
  drawComposedScene,
} from "./v2/records/composed-set.js";
export { composedCompletion, signInWords, signsInWords } from "./v2/records/sight.js";
export { type ComposedScene, type PlacedSign, renderComposedScene } from "./v2/scenes/composed-scene.js";
