import { rotaryTables1d } from "../config/rope-scaling.js";
import { buildPrefillGraph } from "../graph/generation-graphs.js";
import { shapeKey } from "../graph/language-graph.js";
import { buildSuffixGraph } from "../graph/suffix-graph.js";
import { alarmFeeds } from "../passes/alarm-feeds.js";
import { collate } from "../passes/batch.js";
import { bucketSize } from "../passes/bucket.js";
import { selectInputs } from "../passes/select-inputs.js";
import type { PreparedPrompt } from "../prompt/prompt.js";
import { rotaryPositions } from "../prompt/rotary-positions.js";
import type { GenerationContext } from "./generation-context.js";
import type { PromptCache, PromptPrefix } from "./prefix-cache.js";

/** P prompts after their pass through the model. */
export interface PromptStates {
  /** Tokens of each. */
  readonly lengths: readonly number[];
  /** Tokens of each, padded. */
  readonly length: number;
  /** Caches of each layer, time-major: [length, P, kvHeads, hd]. */
  readonly k: Float32Array[];
  /** As `k`. */
  readonly v: Float32Array[];
  /** Logits [P, V] after each prompt. */
  readonly logits: Float32Array;
}

/** Runs prompts through the model. With `reusePrefix`, what they share with earlier prompts is not computed again. */
export async function prefill(
  context: GenerationContext,
  prompts: readonly PreparedPrompt[],
  reusePrefix: boolean,
): Promise<PromptStates> {
  return reusePrefix ? prefillAfterPrefixes(context, prompts) : prefillWhole(context, prompts);
}

async function prefillWhole(context: GenerationContext, prompts: readonly PreparedPrompt[]): Promise<PromptStates> {
  const { config, store, sessions } = context;
  const sequences = prompts.map((prompt) => ({ prompt, completionIds: new Int32Array(0) }));
  const lengths = prompts.map((prompt) => prompt.tokenIds.length);
  const length = bucketSize(Math.max(...lengths));
  const batch = collate(sequences, length, config, { embeddings: context.embeddings });
  const key = `prefill|${store.liveVersion}|${shapeKey(batch.shape)}`;
  const lastRows = Int32Array.from(lengths, (n, b) => b * length + n - 1);
  const outputs = await sessions.use(
    key,
    () => buildPrefillGraph(config, store, batch.shape),
    (compiled) => compiled.session.run(selectInputs(compiled, { ...batch.feeds, last_rows: lastRows }, store)),
  );
  return { lengths, length, ...layersOf(context, outputs) };
}

type Outputs = Readonly<Record<string, { readonly data: unknown }>>;

function layersOf({ config }: GenerationContext, outputs: Outputs): Pick<PromptStates, "k" | "v" | "logits"> {
  const dataOf = (name: string): Float32Array => outputs[name]?.data as Float32Array;
  const layers = Array.from({ length: config.layers }, (_, i) => i);
  return { k: layers.map((i) => dataOf(`k.${i}`)), v: layers.map((i) => dataOf(`v.${i}`)), logits: dataOf("logits") };
}

/** Prefixes not seen before go through the model together with their prompts; every other prompt needs its suffix only. */
async function prefillAfterPrefixes(
  context: GenerationContext,
  prompts: readonly PreparedPrompt[],
): Promise<PromptStates> {
  const { config, store, prefixes } = context;
  const found = prompts.map((prompt) => prefixes.prefixOf(prompt));
  const first = new Set<string>();
  const whole: number[] = [];
  found.forEach((prefix, i) => {
    const known = prefix !== null && (first.has(prefix.key) || prefixes.get(prefix, store.version) !== undefined);
    if (!known) whole.push(i);
    if (prefix !== null) first.add(prefix.key);
  });
  const lengths = prompts.map(({ tokenIds }) => tokenIds.length);
  const length = bucketSize(Math.max(...lengths));
  const width = config.keyValueHeads * config.headSize;
  const empty = (): Float32Array[] =>
    Array.from({ length: config.layers }, () => new Float32Array(length * prompts.length * width));
  const states = { k: empty(), v: empty(), logits: new Float32Array(prompts.length * config.vocabularySize) };
  const put = (prompt: number, logits: Float32Array, from: number, rows: PromptCache): void => {
    states.logits.set(logits, prompt * config.vocabularySize);
    for (const part of ["k", "v"] as const)
      rows[part].forEach((source, layer) => {
        for (let t = 0; t < source.length / width; t++)
          states[part][layer]?.set(
            source.subarray(t * width, (t + 1) * width),
            ((from + t) * prompts.length + prompt) * width,
          );
      });
  };
  const runWhole = async (indices: readonly number[]): Promise<void> => {
    const members = indices.map((i) => prompts[i] as PreparedPrompt);
    const result = await prefillWhole(context, members);
    const { vocabularySize } = config;
    indices.forEach((i, b) => {
      const cache = columnOf(result, b, indices.length, lengths[i] as number, width);
      put(i, result.logits.subarray(b * vocabularySize, (b + 1) * vocabularySize), 0, cache);
      const prefix = found[i];
      if (prefix) prefixes.set(prefix, store.version, head(cache, prefix.length * width));
    });
  };
  if (whole.length > 0) await runWhole(whole);
  for (const [i, prompt] of prompts.entries()) {
    if (whole.includes(i)) continue;
    const prefix = found[i] as PromptPrefix;
    const cache = prefixes.get(prefix, store.version);
    if (cache === undefined) {
      await runWhole([i]); // too large to be kept, or pushed out meanwhile
      continue;
    }
    const suffix = await runSuffix(context, prompt, prefix.length, cache);
    put(i, suffix.logits, 0, cache);
    put(i, suffix.logits, prefix.length, head(suffix, ((lengths[i] as number) - prefix.length) * width));
  }
  return { lengths, length, ...states };
}

async function runSuffix(
  context: GenerationContext,
  prompt: PreparedPrompt,
  start: number,
  prefix: PromptCache,
): Promise<Pick<PromptStates, "k" | "v" | "logits">> {
  const { config, store, sessions } = context;
  const { tokenIds, alarmPositions } = prompt;
  const count = tokenIds.length - start;
  const shape = { length: bucketSize(count), hasAlarm: alarmPositions !== null };
  const padded = (set: (into: Int32Array) => void): Int32Array => {
    const into = new Int32Array(shape.length);
    set(into);
    return into;
  };
  // Text stands at one position on every axis, also where visual tokens have three.
  const positions = padded((ids) => ids.set(rotaryPositions(prompt, config).ids.subarray(start, tokenIds.length)));
  const tables = rotaryTables1d(positions, config);
  const dims = [start, 1, config.keyValueHeads, config.headSize];
  const feeds = {
    ids: padded((ids) => ids.set(tokenIds.subarray(start))),
    ...alarmFeeds(shape.length, [{ prompt, firstRow: -start }]),
    cos: Float32Array.from(tables.cos),
    sin: Float32Array.from(tables.sin),
    sizes: BigInt64Array.of(BigInt(shape.length), BigInt(start)),
    last_rows: Int32Array.of(count - 1),
    ...Object.fromEntries(prefix.k.map((data, i) => [`prefix_k.${i}`, { data, dims }])),
    ...Object.fromEntries(prefix.v.map((data, i) => [`prefix_v.${i}`, { data, dims }])),
  };
  const outputs = await sessions.use(
    `suffix|${store.liveVersion}|${Object.values(shape)}`,
    () => buildSuffixGraph(config, store, shape),
    (compiled) => compiled.session.run(selectInputs(compiled, feeds, store)),
  );
  return layersOf(context, outputs);
}

/** The first `length` elements of every layer, copied. */
const head = ({ k, v }: PromptCache, length: number): PromptCache => ({
  k: k.map((rows) => rows.slice(0, length)),
  v: v.map((rows) => rows.slice(0, length)),
});

/** One prompt's rows of caches [tokens, prompts, width], without padding. */
function columnOf(
  { k, v }: Pick<PromptStates, "k" | "v">,
  prompt: number,
  prompts: number,
  length: number,
  width: number,
): PromptCache {
  const part = (layers: readonly Float32Array[]): Float32Array[] =>
    layers.map((layer) => {
      const rows = new Float32Array(length * width);
      for (let t = 0; t < length; t++) {
        const from = (t * prompts + prompt) * width;
        rows.set(layer.subarray(from, from + width), t * width);
      }
      return rows;
    });
  return { k: part(k), v: part(v) };
}
