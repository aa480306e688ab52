export { CompletionFormatError, RecordError, type RecordErrorCode } from "./errors.js";
export { EVAL_SUBSETS, type EvalItem, type EvalSubset, evalItemSchema } from "./eval-item.js";
export {
  type GrpoRecord,
  type GrpoSample,
  grpoRecordSchema,
  grpoSampleFromRecord,
  PROBLEM_TYPES,
  type ProblemType,
} from "./grpo-record.js";
export { invertRecordLabels } from "./invert-labels.js";
export { formatJsonlLine, type JsonlOptions, type JsonlStream, parseJsonl } from "./jsonl.js";
export { DEFAULT_LANGUAGES } from "./languages.js";
export { isPythonWhitespace, pythonSplit, pythonStrip } from "./python-whitespace.js";
export {
  HARMFUL,
  invertSafetyLabel,
  SAFE,
  type SafetyLabel,
  type SafetyLabels,
  safetyLabelSchema,
  safetyLabelsSchema,
} from "./safety-label.js";
export {
  type ChatMessage,
  type SftRecord,
  type SftSample,
  type SftSampleOptions,
  sftRecordFromSample,
  sftRecordLabels,
  sftRecordSchema,
  sftSampleFromRecord,
} from "./sft-record.js";
export {
  COMPLETION_TAGS,
  type CompletionFields,
  type CompletionTag,
  formatTaggedCompletion,
  isCanonicalCompletion,
  isWellFormedCompletion,
  parseTaggedCompletion,
  type TaggedCompletion,
} from "./tagged-completion.js";
export {
  type Category,
  findSubcategory,
  LLAMA_GUARD_HAZARDS,
  type LlamaGuardHazard,
  type Subcategory,
  type Taxonomy,
  type TaxonomyLeaf,
  taxonomyLeaves,
} from "./taxonomy.js";
export { VSE_ASSUMED_V1 } from "./vse-assumed-v1.js";
