export {
  type AnnotatedClip,
  type Annotator,
  annotateClip,
  type ClipAnnotation,
  createOpenAiAnnotator,
} from "./build/annotation.js";
export {
  type BuildOptions,
  type BuiltBenchmark,
  buildBenchmark,
  type DropReason,
  splitOf,
} from "./build/build-benchmark.js";
export {
  clipHash,
  type FrameFeatures,
  hashDistance,
  isStaticClip,
  meanFeatureSimilarity,
  meanFrameDifference,
  type StaticRule,
} from "./build/clip-features.js";
export { datasheet } from "./build/datasheet.js";
export { QUERY_TEMPLATES, type QueryTemplates } from "./build/query-templates.js";
export { checkItems, type ExpectedCounts, type ItemsReport, VSB_77K } from "./data/check-items.js";
export {
  figStepItems,
  mmSafetyBenchItems,
  videoSafetyBenchItems,
  videoSafetyGrpoItems,
  videoSafetySftItems,
  vlGuardItems,
  xsTestItems,
} from "./data/public-datasets.js";
