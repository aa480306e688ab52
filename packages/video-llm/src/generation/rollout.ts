import type { Feed } from "@videosafety/onnx-autodiff";
import { rotaryTables1d } from "../config/rope-scaling.js";
import { buildDecodeGraph } from "../graph/generation-graphs.js";
import type { PreparedPrompt } from "../prompt/prompt.js";
import { rotaryPositions } from "../prompt/rotary-positions.js";
import type { GenerationContext } from "./generation-context.js";
import { prefill } from "./prefill.js";

interface Cache {
  readonly k: Float32Array[];
  readonly v: Float32Array[];
}

const HIDDEN = -1e9;

/**
 * P prompts with G completions each, decoded together one token a step. Prompts' caches are padded to one length and
 * shared by their completions; every completion has a cache of its own for what it generated. All caches are time-major.
 */
export class Rollout {
  /** Logits [P, V] after the prompts; every completion of a prompt starts from the same. */
  readonly promptLogits: Float32Array;
  readonly #context: GenerationContext;
  readonly #capacity: number;
  readonly #group: number;
  #prompts: number;
  #lengths: number[];
  /** Rotary position of each prompt's first completion token. */
  #positions: number[];
  #promptLength: number;
  #promptMask: Float32Array;
  #prompt: Cache;
  #own: Cache;
  #steps = 0;

  private constructor(
    context: GenerationContext,
    group: number,
    capacity: number,
    lengths: number[],
    positions: number[],
    length: number,
    prompt: Cache,
    logits: Float32Array,
  ) {
    this.#context = context;
    this.#group = group;
    this.#capacity = capacity;
    this.#prompts = lengths.length;
    this.#lengths = lengths;
    this.#positions = positions;
    this.#promptLength = length;
    this.#prompt = prompt;
    this.promptLogits = logits;
    this.#promptMask = maskOf(lengths, length);
    this.#own = this.#emptyCache();
  }

  /**
   * Runs the prompts through the model.
   *
   * @param capacity most tokens that will be generated.
   * @param reusePrefix keep the keys and values of visual prefixes, and use those kept.
   */
  static async start(
    context: GenerationContext,
    prompts: readonly PreparedPrompt[],
    group: number,
    capacity: number,
    reusePrefix = false,
  ): Promise<Rollout> {
    const { lengths, length, k, v, logits } = await prefill(context, prompts, reusePrefix);
    const positions = prompts.map((prompt) => rotaryPositions(prompt, context.config).next);
    return new Rollout(context, group, capacity, [...lengths], positions, length, { k, v }, logits);
  }

  /**
   * Appends one token to each completion.
   *
   * @param tokenIds [P G], the completions of a prompt next to each other.
   * @returns logits [P G, V].
   */
  async step(tokenIds: Int32Array): Promise<Float32Array> {
    const { config, store, sessions, accuracyLevel } = this.#context;
    const { keyValueHeads, headSize, layers } = config;
    const batch = this.#prompts * this.#group;
    const width = batch * keyValueHeads * headSize;
    const own = this.#steps + 1; // the masked dummy row comes first
    const positions = Array.from(
      { length: batch },
      (_, b) => (this.#positions[Math.floor(b / this.#group)] as number) + this.#steps,
    );
    const tables = rotaryTables1d(positions, config);
    const ownMask = new Float32Array(own);
    ownMask[0] = HIDDEN;
    const feeds: Record<string, Feed> = {
      ids: tokenIds,
      cos: Float32Array.from(tables.cos),
      sin: Float32Array.from(tables.sin),
      prompt_mask: { data: this.#promptMask, dims: [this.#prompts, 1, 1, this.#promptLength] },
      own_mask: { data: ownMask, dims: [1, 1, 1, own] },
      sizes: BigInt64Array.of(1n, BigInt(own), BigInt(this.#promptLength)),
    };
    for (let i = 0; i < layers; i++) {
      for (const part of ["k", "v"] as const) {
        const prompt = this.#prompt[part][i] as Float32Array;
        feeds[`prompt_${part}.${i}`] = {
          data: prompt,
          dims: [this.#promptLength, this.#prompts, keyValueHeads, headSize],
        };
        const ownCache = (this.#own[part][i] as Float32Array).subarray(0, own * width);
        feeds[`own_${part}.${i}`] = { data: ownCache, dims: [own, batch, keyValueHeads, headSize] };
      }
    }
    const shape = { prompts: this.#prompts, group: this.#group };
    const outputs = await sessions.use(
      `decode|${store.liveVersion}|${shape.prompts}x${shape.group}`,
      () => buildDecodeGraph(config, store, shape, accuracyLevel),
      (compiled) => compiled.session.run({ ...feeds, ...store.feeds(compiled.parameters) }),
      store.frozenBase,
    );
    for (let i = 0; i < layers; i++) {
      for (const part of ["k", "v"] as const) {
        (this.#own[part][i] as Float32Array).set(outputs[`new_${part}.${i}`]?.data as Float32Array, own * width);
      }
    }
    this.#steps += 1;
    return outputs.logits?.data as Float32Array;
  }

  /** Drops every prompt but those at the given indices, so that finished ones cost nothing more. */
  keep(indices: readonly number[]): void {
    const { keyValueHeads, headSize } = this.#context.config;
    const width = keyValueHeads * headSize;
    const before = this.#prompts;
    const pick = (source: Float32Array, rows: number, group: number, target: Float32Array): Float32Array => {
      const block = group * width;
      for (let t = 0; t < rows; t++) {
        indices.forEach((p, j) => {
          const from = (t * before + p) * block;
          target.set(source.subarray(from, from + block), (t * indices.length + j) * block);
        });
      }
      return target;
    };
    const shrink = (cache: Cache, rows: number, capacity: number, group: number): Cache => {
      const part = (arrays: readonly Float32Array[]): Float32Array[] =>
        arrays.map((array) => pick(array, rows, group, new Float32Array(capacity * indices.length * group * width)));
      return { k: part(cache.k), v: part(cache.v) };
    };
    this.#prompt = shrink(this.#prompt, this.#promptLength, this.#promptLength, 1);
    this.#own = shrink(this.#own, this.#steps + 1, this.#capacity + 1, this.#group);
    this.#lengths = indices.map((p) => this.#lengths[p] as number);
    this.#positions = indices.map((p) => this.#positions[p] as number);
    this.#promptMask = maskOf(this.#lengths, this.#promptLength);
    this.#prompts = indices.length;
  }

  #emptyCache(): Cache {
    const { layers, keyValueHeads, headSize } = this.#context.config;
    const size = (this.#capacity + 1) * this.#prompts * this.#group * keyValueHeads * headSize;
    const part = (): Float32Array[] => Array.from({ length: layers }, () => new Float32Array(size));
    return { k: part(), v: part() };
  }
}

function maskOf(lengths: readonly number[], padded: number): Float32Array {
  const mask = new Float32Array(lengths.length * padded).fill(HIDDEN);
  lengths.forEach((n, p) => {
    mask.fill(0, p * padded, p * padded + n);
  });
  return mask;
}
