import { compileGrammar } from "../grammar/compile-grammar.js";
import { draftSource } from "./draft.js";
import type { GenerationInput } from "./generate-records.js";
import { type ChatModel, generationSettingsSchema, type ServedModel } from "./generation-settings.js";
import { JUDGE_INSTRUCTION, writerInstruction } from "./model-calls.js";

/** What one model of a generation would be asked. */
export interface ModelEstimate {
  readonly role: "generator" | "judge" | "tie-breaker" | "embeddings";
  readonly model: string;
  readonly requests: number;
  readonly promptTokens: number;
  /** If every answer were as long as allowed. */
  readonly mostCompletionTokens: number;
  /** In the currency of the prices, with the longest answers. */
  readonly mostCost: number;
}

/** What a generation would take at most. */
export interface GenerationEstimate {
  /** Records that are drawn. */
  readonly records: number;
  /** Of them, records that a model writes in part. */
  readonly written: number;
  readonly models: readonly ModelEstimate[];
  /** Sum over the models; a tie-breaker is counted for every record. */
  readonly mostCost: number;
}

/** Characters of a token: an upper guess of tokens over ten languages. */
const CHARACTERS = 3;
const tokensOf = (characters: number): number => Math.ceil(characters / CHARACTERS);

/**
 * Draws what would be drawn and counts what it would cost at most, without asking anybody: nothing dropped before the judges, every answer as long as
 * it may be. Prompt tokens are guessed at three characters each; of a query that a model would write, 200 characters.
 *
 * @throws as `generateRecords` for what cannot be used or does not fit together
 */
export function estimateGeneration({
  grammar,
  clips = [],
  settings: given,
}: Pick<GenerationInput, "grammar" | "clips" | "settings">): GenerationEstimate {
  const settings = generationSettingsSchema.parse(given);
  const draw = draftSource({ grammar: compileGrammar(grammar), clips, settings });
  let written = 0;
  let writerTokens = 0;
  let queryTokens = 0;
  for (let i = 0; i < settings.count; i++) {
    const { prompt, fields, kind } = draw(i);
    queryTokens += tokensOf(fields.query?.length ?? 200);
    if (prompt === null) continue;
    written++;
    writerTokens += tokensOf(writerInstruction(kind.model?.writes ?? []).length + prompt.length);
  }
  const { generator, judges, tieBreaker, embeddings, count } = settings;
  const estimate = (
    role: ModelEstimate["role"],
    model: ServedModel & Partial<Pick<ChatModel, "maxTokens">>,
    requests: number,
    promptTokens: number,
  ): ModelEstimate => {
    const mostCompletionTokens = requests * (model.maxTokens ?? 0);
    const mostCost = (promptTokens * model.promptPrice + mostCompletionTokens * model.completionPrice) / 1e6;
    return { role, model: model.model, requests, promptTokens, mostCompletionTokens, mostCost };
  };
  const judgeTokens = count * tokensOf(JUDGE_INSTRUCTION.length) + queryTokens;
  const models = [
    ...(generator ? [estimate("generator", generator, written, writerTokens)] : []),
    ...judges.map((judge) => estimate("judge", judge, count, judgeTokens)),
    ...(tieBreaker ? [estimate("tie-breaker", tieBreaker, count, judgeTokens)] : []),
    ...(embeddings ? [estimate("embeddings", embeddings, Math.ceil(count / 64), queryTokens)] : []),
  ];
  return { records: count, written, models, mostCost: models.reduce((sum, { mostCost }) => sum + mostCost, 0) };
}
