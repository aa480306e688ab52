import type { PreparedPrompt } from "../prompt/prompt.js";
import type { VisualFeatures } from "../vision/visual-features.js";

/** Keys and values of every layer, each [tokens, kvHeads, hd] for one prompt. */
export interface PromptCache {
  /** Rotated keys by layer. */
  readonly k: readonly Float32Array[];
  /** Values by layer. */
  readonly v: readonly Float32Array[];
}

/** The part of a prompt that other queries about the same video share. */
export interface PromptPrefix {
  /** Tokens up to the last visual one, and the visual alarm tokens if they follow. */
  readonly length: number;
  /** Tells prefixes apart: their visual inputs and their tokens. */
  readonly key: string;
}

/**
 * Keys and values of prompts' visual prefixes, the least recently used dropped first. All are dropped when the model's
 * parameters have changed.
 */
export class PrefixCache {
  readonly #entries = new Map<string, { readonly cache: PromptCache; readonly bytes: number }>();
  readonly #numbers = new WeakMap<VisualFeatures, number>();
  #nextNumber = 0;
  #version = -1;
  #bytes = 0;

  /** @param limitBytes most bytes kept; a larger prefix is not kept at all. */
  constructor(private readonly limitBytes: number) {}

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The shared part of a prompt; null for one without visual input. */
  prefixOf({ tokenIds, visual, visualPositions, alarms }: PreparedPrompt): PromptPrefix | null {
    const last = visualPositions.at(-1);
    if (last === undefined) return null;
    const following = alarms?.visual.at(-1);
    const length = following?.[0] === last + 1 ? last + 1 + following.length : last + 1;
    const videos = visual.map((features) => {
      const number = this.#numbers.get(features) ?? this.#nextNumber++;
      this.#numbers.set(features, number);
      return number;
    });
    // Which alarm vectors replace which embeddings follows from the ids: the j-th of neighbouring tokens takes vector j.
    return { length, key: `${videos}|${alarms !== null}|${tokenIds.subarray(0, length)}` };
  }

  /** A prefix computed under parameters of this version. */
  get({ key }: PromptPrefix, version: number): PromptCache | undefined {
    this.#expire(version);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key); // again as the most recent
    this.#entries.set(key, entry);
    return entry.cache;
  }

  /** Keeps a prefix, unless it exceeds the limit alone. */
  set({ key }: PromptPrefix, version: number, cache: PromptCache): void {
    this.#expire(version);
    const bytes = [...cache.k, ...cache.v].reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes > this.limitBytes) return;
    this.#drop(key);
    this.#entries.set(key, { cache, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.limitBytes) break;
      this.#drop(oldest);
    }
  }

  /** Drops everything. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #expire(version: number): void {
    if (version !== this.#version) this.clear();
    this.#version = version;
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}
