export { embeddingDuplicates, type GroupedVector } from "./filters/embedding-duplicates.js";
export {
  decideLabel,
  type LabelDecision,
  type LabelVote,
  type VoteAgreement,
  voteAgreement,
} from "./filters/label-votes.js";
export { answerLeak, type Leak, type LeakOptions } from "./filters/leakage.js";
export { type GroupedText, type NearDuplicateOptions, nearDuplicates } from "./filters/near-duplicates.js";
export { estimateGeneration, type GenerationEstimate, type ModelEstimate } from "./generate/estimate-generation.js";
export type { Dropped } from "./generate/filter-records.js";
export {
  type Generation,
  type GenerationInput,
  type GenerationReport,
  generateRecords,
} from "./generate/generate-records.js";
export {
  type ChatModel,
  type Clip,
  clipSchema,
  type GenerationSettings,
  generationSettingsSchema,
  type ServedModel,
} from "./generate/generation-settings.js";
export {
  DROP_REASONS,
  type DropReason,
  type GenerationJournal,
  type JournalEntry,
  journalEntrySchema,
  memoryJournal,
} from "./generate/journal.js";
export { type Access, JUDGE_INSTRUCTION, writerInstruction } from "./generate/model-calls.js";
export { type ModelReply, readModelReply } from "./generate/model-reply.js";
export type { GenerationProgress } from "./generate/requests.js";
export type { Provenance, WrittenFormats } from "./generate/write-records.js";
export {
  type CompiledGrammar,
  compileGrammar,
  type GrammarLanguage,
  type Kind,
  type Production,
} from "./grammar/compile-grammar.js";
export { type DrawnTexts, drawTexts, drawWeighted, type GrammarSplit } from "./grammar/draw.js";
export {
  GRAMMAR_FORMAT,
  type GrammarFile,
  type GrammarKind,
  grammarSchema,
  RECORD_FIELDS,
  type RecordField,
} from "./grammar/grammar-schema.js";
export { expandProduction, type Part, parseProduction } from "./grammar/production.js";
