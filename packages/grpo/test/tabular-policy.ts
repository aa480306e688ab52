import { createRng } from "@videosafety/random";
import type { Completion, GenerateOptions, LogProbOptions, Policy, PolicyItem } from "../src/training/policy.js";

/** Id of the end token. */
export const END = 0;

/**
 * A softmax policy with one logit per (prompt, previous token, next token): small enough to know everything about, and a
 * real policy all the same: it samples (temperature, top-p, top-k), scores, and gives exact gradients.
 */
export class TabularPolicy implements Policy<number> {
  readonly logits: Float32Array;
  /** Logits the reference model keeps. */
  readonly reference: Float32Array;
  /** Calls, to see what the trainer asked for. */
  readonly calls = { generate: 0, logProbs: 0, reference: 0, gradients: 0, parametersChanged: 0 };

  private readonly cache = new Map<string, Float64Array>();

  constructor(
    readonly prompts: number,
    readonly vocabulary: number,
    initial?: (index: number) => number,
  ) {
    const size = prompts * (vocabulary + 1) * vocabulary;
    this.logits = Float32Array.from({ length: size }, (_, index) => initial?.(index) ?? 0);
    this.reference = this.logits.slice();
  }

  trainableParameters() {
    const dims = [this.prompts, this.vocabulary + 1, this.vocabulary];
    return new Map([["logits", { data: this.logits, dims, group: "table" }]]);
  }

  parametersChanged(): void {
    this.calls.parametersChanged++;
    this.cache.clear();
  }

  /** Log-probabilities of every token in a state. */
  state(table: Float32Array, prompt: number, previous: number, temperature = 1): Float64Array {
    const start = this.offset(prompt, previous);
    const key = `${table === this.logits ? "policy" : "reference"} ${start} ${temperature}`;
    const known = this.cache.get(key);
    if (known) return known;
    const row = Float64Array.from(table.subarray(start, start + this.vocabulary), (value) => value / temperature);
    const top = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - top), 0);
    const logProbs = row.map((value) => value - top - Math.log(total));
    this.cache.set(key, logProbs);
    return logProbs;
  }

  private offset(prompt: number, previous: number): number {
    return (prompt * (this.vocabulary + 1) + (previous < 0 ? this.vocabulary : previous)) * this.vocabulary;
  }

  async generate(prompts: readonly number[], options: GenerateOptions): Promise<Completion[][]> {
    this.calls.generate++;
    const rng = createRng(options.seed);
    const sample = (prompt: number): Completion => {
      const ids: number[] = [];
      const logProbs: number[] = [];
      let previous = -1;
      while (ids.length < options.maxCompletionLength) {
        const all = this.state(this.logits, prompt, previous, options.temperature);
        // Sorted only where a truncation needs it: otherwise rounding could swap near-ties and change the draw.
        const order = [...all.keys()];
        if (options.topP < 1 || options.topK > 0) order.sort((a, b) => (all[b] as number) - (all[a] as number));
        const kept: number[] = [];
        let mass = 0;
        for (const token of options.topK > 0 ? order.slice(0, options.topK) : order) {
          if (mass >= options.topP) break;
          kept.push(token);
          mass += Math.exp(all[token] as number);
        }
        let u = rng.uniform() * mass;
        let token = kept[kept.length - 1] as number;
        for (const candidate of kept) {
          u -= Math.exp(all[candidate] as number);
          if (u < 0) {
            token = candidate;
            break;
          }
        }
        ids.push(token);
        logProbs.push((all[token] as number) - Math.log(mass));
        previous = token;
        if (token === END) break;
      }
      return {
        tokenIds: Int32Array.from(ids),
        text: ids.filter((id) => id !== END).join(" "),
        logProbs: Float64Array.from(logProbs),
        finishReason: ids[ids.length - 1] === END ? "stop" : "length",
      };
    };
    return prompts.map((prompt) => Array.from({ length: options.numGenerations }, () => sample(prompt)));
  }

  async logProbs(items: readonly PolicyItem<number>[], options: LogProbOptions): Promise<Float64Array[]> {
    if (options.model === "reference") this.calls.reference++;
    else this.calls.logProbs++;
    const table = options.model === "reference" ? this.reference : this.logits;
    return items.map(({ prompt, tokenIds }) =>
      Float64Array.from(tokenIds, (id, t) => {
        const previous = t === 0 ? -1 : (tokenIds[t - 1] as number);
        return this.state(table, prompt, previous, options.temperature)[id] as number;
      }),
    );
  }

  async gradients(
    items: readonly PolicyItem<number>[],
    dLossDLogProbs: readonly Float64Array[],
    options: { temperature?: number } = {},
  ): Promise<ReadonlyMap<string, Float32Array>> {
    this.calls.gradients++;
    const temperature = options.temperature ?? 1;
    const gradient = new Float64Array(this.logits.length);
    items.forEach(({ prompt, tokenIds }, i) => {
      tokenIds.forEach((id, t) => {
        const upstream = dLossDLogProbs[i]?.[t] as number;
        const previous = t === 0 ? -1 : (tokenIds[t - 1] as number);
        const start = this.offset(prompt, previous);
        this.state(this.logits, prompt, previous, temperature).forEach((logProb, token) => {
          const slope = ((token === id ? 1 : 0) - Math.exp(logProb)) / temperature;
          gradient[start + token] = (gradient[start + token] as number) + upstream * slope;
        });
      });
    });
    return new Map([["logits", Float32Array.from(gradient)]]);
  }

  async entropies(items: readonly PolicyItem<number>[], options: { temperature?: number }): Promise<Float64Array[]> {
    return items.map(({ prompt, tokenIds }) =>
      Float64Array.from(tokenIds, (_, t) => {
        const previous = t === 0 ? -1 : (tokenIds[t - 1] as number);
        const row = this.state(this.logits, prompt, previous, options.temperature);
        return -row.reduce((sum, logProb) => sum + Math.exp(logProb) * logProb, 0);
      }),
    );
  }

  /** Mean over `count` fresh samples per prompt of a score; with `best`, the mean over prompts of the best of them. */
  async expected(
    score: (prompt: number, completion: Completion) => number,
    maxCompletionLength: number,
    { count = 200, best = false } = {},
  ) {
    const prompts = Array.from({ length: this.prompts }, (_, prompt) => prompt);
    const groups = await this.generate(prompts, {
      numGenerations: count,
      maxCompletionLength,
      temperature: 1,
      topP: 1,
      topK: 0,
      seed: 987,
    });
    if (best) {
      const tops = groups.map((group, prompt) => Math.max(...group.map((completion) => score(prompt, completion))));
      return tops.reduce((sum, value) => sum + value, 0) / tops.length;
    }
    const scores = groups.flatMap((group, prompt) => group.map((completion) => score(prompt, completion)));
    return scores.reduce((sum, value) => sum + value, 0) / scores.length;
  }
}

/** Target sequences of `targetScore`, over a vocabulary of 5, three tokens each. */
export const TARGETS: readonly (readonly number[])[] = [
  [3, 1, END],
  [2, 4, 3],
  [1, 4, 2],
];

/** Share of the three positions a completion gets right; 1 only for exactly the target of its prompt. */
export function targetScore(prompt: number, completion: Completion): number {
  const target = TARGETS[prompt % TARGETS.length] as readonly number[];
  return target.filter((id, t) => completion.tokenIds[t] === id).length / target.length;
}
