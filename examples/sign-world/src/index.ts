export { type ClipPlan, type RenderedClip, writeClips, writeRenderedClips } from "./clips/clips-node.js";
export { openClipEncoder } from "./clips/encoder-node.js";
export { renderScene, SAMPLED_FRAMES, type Scene } from "./clips/scene.js";
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
export { composedDatasheet } from "./v2/records/composed-datasheet.js";
export {
  composedCotRecords,
  composedEvalItems,
  composedGrpoRecords,
  composedRecords,
  composedSftRecords,
} from "./v2/records/composed-records.js";
export { buildComposedSet, type ComposedSample, type ComposedSet, composedLabels } from "./v2/records/composed-set.js";
export { composedCompletion } from "./v2/records/sight.js";
export { renderComposedScene } from "./v2/scenes/composed-scene.js";
