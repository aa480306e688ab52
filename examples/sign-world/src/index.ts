export { type ClipPlan, writeClips } from "./clips/clips-node.js";
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
