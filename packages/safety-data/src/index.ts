export { type Agreement, agreementOf, cohenKappa, type Ratings } from "./agreement/agreement.js";
export { strictMajority } from "./agreement/strict-majority.js";
export {
  CompletionFormatError,
  FileLockError,
  GenerationError,
  type GenerationErrorCode,
  GrammarError,
  type GrammarErrorCode,
  RecordError,
  type RecordErrorCode,
} from "./errors.js";
export {
  formatJsonlLine,
  type JsonlOptions,
  type JsonlStream,
  parseJsonl,
  type RecordSchema,
  type SchemaIssue,
} from "./jsonl/jsonl.js";
export { AUTHORS_PROMPT_TEMPLATES, authorsPrompt } from "./records/authors-prompt.js";
export { EVAL_SUBSETS, type EvalItem, type EvalSubset, evalItemSchema } from "./records/eval-item.js";
export {
  type GrpoRecord,
  type GrpoSample,
  grpoRecordSchema,
  grpoSampleFromRecord,
  PROBLEM_TYPES,
  type ProblemType,
} from "./records/grpo-record.js";
export { invertRecordLabels } from "./records/invert-labels.js";
export {
  type ChatMessage,
  type SftRecord,
  type SftSample,
  type SftSampleOptions,
  sftRecordFromSample,
  sftRecordLabels,
  sftRecordSchema,
  sftSampleFromRecord,
} from "./records/sft-record.js";
export { DEFAULT_LANGUAGES, isLanguageTag } from "./taxonomy/languages.js";
export {
  HARMFUL,
  invertSafetyLabel,
  SAFE,
  type SafetyLabel,
  type SafetyLabels,
  safetyLabelSchema,
  safetyLabelsSchema,
} from "./taxonomy/safety-label.js";
export {
  type Category,
  findSubcategory,
  LLAMA_GUARD_HAZARDS,
  type LlamaGuardHazard,
  type Subcategory,
  type Taxonomy,
  type TaxonomyLeaf,
  taxonomyLeaves,
} from "./taxonomy/taxonomy.js";
export { VSE_ASSUMED_V1 } from "./taxonomy/vse-assumed-v1.js";
export { isPythonWhitespace, pythonSplit, pythonStrip } from "./text/python-whitespace.js";
export {
  COMPLETION_TAGS,
  type CompletionFields,
  type CompletionTag,
  formatTaggedCompletion,
  isCanonicalCompletion,
  isWellFormedCompletion,
  parseTaggedCompletion,
  type TaggedCompletion,
} from "./text/tagged-completion.js";
export { wordsOf } from "./text/words.js";
