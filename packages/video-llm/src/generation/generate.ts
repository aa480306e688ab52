import { createRng, type Rng } from "@videosafety/onnx-autodiff";
import { NumericsError, OptionsError } from "../errors.js";
import type { PreparedPrompt } from "../prompt/prompt.js";
import type { TextTokenizer } from "../prompt/text-tokenizer.js";
import type { GenerationDefaults } from "./generation-config.js";
import type { GenerationContext } from "./generation-context.js";
import { Rollout } from "./rollout.js";
import { checkSampling, penalizeRepetition, type SampledToken, sampleToken } from "./sampling.js";

/** Options of `generate` and `stream`; `DEFAULT_GENERATION` fills what is left out. */
export interface GenerationOptions {
  /** Completions a prompt, G. */
  readonly numGenerations?: number;
  /** Most tokens of a completion, end token included. */
  readonly maxCompletionLength?: number;
  /** Divides the logits; 0 is greedy. */
  readonly temperature?: number;
  /** Nucleus: 1 keeps all. */
  readonly topP?: number;
  /** Most tokens to choose from: 0 keeps all. */
  readonly topK?: number;
  /** Penalty on tokens of the prompt and of the completion so far, as in transformers; 1 does nothing. */
  readonly repetitionPenalty?: number;
  /** Seed; a completion depends on it, its prompt's index and its own index only, not on how prompts are batched. */
  readonly seed?: number;
  /** Token ids that end a completion beside the model's own. */
  readonly stopTokenIds?: readonly number[];
  /** Most completions decoded together. */
  readonly maxRows?: number;
  /**
   * Keep the keys and values of each prompt up to its last visual token, and use those kept: the next query about the same
   * `VisualFeatures` then costs its own tokens only. Equal up to rounding. Default false.
   */
  readonly reusePrefix?: boolean;
  /**
   * Take what is left out from the checkpoint's generation_config.json; false: from `DEFAULT_GENERATION`. Its end tokens end
   * completions either way. Default true; a policy does not, as its log-probabilities are those of the plain distribution.
   */
  readonly useGenerationConfig?: boolean;
  /** Stops the work with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What `generate` does where neither the caller nor the checkpoint says: greedy, one completion of at most 256 tokens. */
export const DEFAULT_GENERATION = {
  numGenerations: 1,
  maxCompletionLength: 256,
  temperature: 0,
  topP: 1,
  topK: 0,
  repetitionPenalty: 1,
  seed: 0,
  maxRows: 32,
  reusePrefix: false,
} as const;

/** A finished completion: grpo's `Completion`. */
export interface Completion {
  /** Sampled ids, the end token included when one was sampled. */
  readonly tokenIds: Int32Array;
  /** Their text, without special tokens. */
  readonly text: string;
  /** Log-probability of each sampled token, as `SampledToken.logProb`. */
  readonly logProbs: Float64Array;
  /** Whether an end token was sampled. */
  readonly finishReason: "stop" | "length";
}

type Resolved = Required<Omit<GenerationOptions, "signal" | "stopTokenIds" | "useGenerationConfig">> & {
  signal: AbortSignal | undefined;
  stop: ReadonlySet<number>;
};

interface Row {
  readonly rng: Rng;
  readonly promptIds: Int32Array;
  readonly tokenIds: number[];
  readonly logProbs: number[];
  finished: boolean;
}

/**
 * Fills defaults: the checkpoint's, then ours.
 *
 * @throws OptionsError when an option is out of range, or the checkpoint asks for what is not computed.
 */
export function resolveGeneration(
  options: GenerationOptions,
  tokenizer: TextTokenizer,
  defaults: GenerationDefaults,
): Resolved {
  const { signal, stopTokenIds = [], useGenerationConfig = true, ...given } = options;
  if (useGenerationConfig && defaults.notComputed.length > 0) {
    throw new OptionsError(
      `generation_config.json asks for ${defaults.notComputed.join(", ")}, which is not computed; pass useGenerationConfig: false to do without the file`,
    );
  }
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const stop = new Set([...(defaults.endIds ?? tokenizer.endIds), ...stopTokenIds]);
  const own = useGenerationConfig ? defaults.options : {};
  const resolved: Resolved = { ...DEFAULT_GENERATION, ...own, ...stated, signal, stop };
  checkSampling(resolved);
  for (const name of ["numGenerations", "maxCompletionLength", "maxRows"] as const) {
    if (!(Number.isInteger(resolved[name]) && resolved[name] > 0)) {
      throw new OptionsError(`expected a positive integer ${name}, found ${resolved[name]}`);
    }
  }
  return resolved;
}

/**
 * Completions [P][G] of prompts. Prompts of similar length are decoded together, up to `maxRows` completions at a time;
 * rows whose completions have all ended are dropped as soon as half of them have.
 */
export async function generateCompletions(
  context: GenerationContext,
  prompts: readonly PreparedPrompt[],
  options: Resolved,
  tokenizer: TextTokenizer,
): Promise<Completion[][]> {
  const results = new Array<Completion[]>(prompts.length);
  const order = prompts.map((_, i) => i);
  const lengthOf = (i: number): number => (prompts[i] as PreparedPrompt).tokenIds.length;
  order.sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  const together = Math.max(1, Math.floor(options.maxRows / options.numGenerations));
  for (let start = 0; start < order.length; start += together) {
    const indices = order.slice(start, start + together);
    const rows = await decodeTogether(
      context,
      indices.map((i) => prompts[i] as PreparedPrompt),
      indices,
      options,
    );
    indices.forEach((index, i) => {
      results[index] = (rows[i] as Row[]).map((row) => toCompletion(row, tokenizer, options.stop));
    });
  }
  return results;
}

async function decodeTogether(
  context: GenerationContext,
  prompts: readonly PreparedPrompt[],
  indices: readonly number[],
  options: Resolved,
): Promise<Row[][]> {
  const { numGenerations: group, maxCompletionLength, seed, signal } = options;
  signal?.throwIfAborted();
  const rollout = await Rollout.start(context, prompts, group, maxCompletionLength, options.reusePrefix);
  const { vocabularySize } = context.config;
  const rows = indices.map((index, i) =>
    Array.from({ length: group }, (_, g) => startRow(prompts[i] as PreparedPrompt, rowSeed(seed, index, g))),
  );
  let active = rows.map((_, i) => i);
  let logits = rollout.promptLogits;
  let shared = true;
  for (;;) {
    active.forEach((prompt, i) => {
      (rows[prompt] as Row[]).forEach((row, g) => {
        if (row.finished) return;
        const at = (shared ? i : i * group + g) * vocabularySize;
        extend(row, logits.subarray(at, at + vocabularySize), options);
      });
    });
    const running = active.flatMap((prompt, i) => ((rows[prompt] as Row[]).every((row) => row.finished) ? [] : [i]));
    if (running.length === 0) return rows;
    if (running.length <= active.length / 2) {
      rollout.keep(running);
      active = running.map((i) => active[i] as number);
    }
    signal?.throwIfAborted();
    logits = await rollout.step(
      Int32Array.from(active.flatMap((prompt) => (rows[prompt] as Row[]).map((row) => row.tokenIds.at(-1) as number))),
    );
    shared = false;
  }
}

function startRow(prompt: PreparedPrompt, seed: number): Row {
  return { rng: createRng(seed), promptIds: prompt.tokenIds, tokenIds: [], logProbs: [], finished: false };
}

/** Samples the next token of a row from its logits [V]. */
function extend(row: Row, logits: Float32Array, options: Resolved): SampledToken {
  const seen = function* (): Generator<number> {
    yield* row.promptIds;
    yield* row.tokenIds;
  };
  refuseNonFinite(logits, row.tokenIds.length);
  const token = sampleToken(penalizeRepetition(logits, seen(), options.repetitionPenalty), options, row.rng);
  row.tokenIds.push(token.tokenId);
  row.logProbs.push(token.logProb);
  row.finished = options.stop.has(token.tokenId) || row.tokenIds.length >= options.maxCompletionLength;
  return token;
}

/** Broken weights answer with the first token of the vocabulary, again and again: better an error. */
function refuseNonFinite(logits: Float32Array, index: number): void {
  for (let id = 0; id < logits.length; id++) {
    if (Number.isFinite(logits[id])) continue;
    throw new NumericsError(
      `expected finite logits for completion token ${index}, found ${logits[id]} for token id ${id}; check the weights, or load them with precision float32`,
    );
  }
}

function toCompletion(row: Row, tokenizer: TextTokenizer, stop: ReadonlySet<number>): Completion {
  return {
    tokenIds: Int32Array.from(row.tokenIds),
    text: tokenizer.decode(row.tokenIds),
    logProbs: Float64Array.from(row.logProbs),
    finishReason: stop.has(row.tokenIds.at(-1) as number) ? "stop" : "length",
  };
}

/** A seed of its own for each completion. */
function rowSeed(seed: number, prompt: number, generation: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  for (const part of [prompt, generation]) hash = Math.imul(hash ^ (hash >>> 15) ^ part, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One token of a stream. */
export interface StreamedToken extends SampledToken {
  /** Text that this token completes; empty while a character is unfinished, and for special tokens. */
  readonly text: string;
  /** Set on the last token. */
  readonly finishReason: "stop" | "length" | null;
}

/** Tokens of one completion as they are sampled. */
export async function* streamCompletion(
  context: GenerationContext,
  prompt: PreparedPrompt,
  options: Resolved,
  tokenizer: TextTokenizer,
): AsyncGenerator<StreamedToken> {
  options.signal?.throwIfAborted();
  const rollout = await Rollout.start(context, [prompt], 1, options.maxCompletionLength, options.reusePrefix);
  const row = startRow(prompt, rowSeed(options.seed, 0, 0));
  let printed = "";
  let logits = rollout.promptLogits;
  for (;;) {
    const token = extend(row, logits, options);
    const finishReason = !row.finished ? null : options.stop.has(token.tokenId) ? "stop" : "length";
    const whole = tokenizer.decode(row.tokenIds);
    const complete = row.finished || !whole.endsWith("\u{fffd}");
    const text = complete ? whole.slice(printed.length) : "";
    if (complete) printed = whole;
    yield { ...token, text, finishReason };
    if (finishReason !== null) return;
    options.signal?.throwIfAborted();
    logits = await rollout.step(Int32Array.of(token.tokenId));
  }
}
