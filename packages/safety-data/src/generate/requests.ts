import type { EndpointError } from "@videosafety/endpoint";
import { GenerationError } from "../errors.js";
import type { Draft } from "./draft.js";
import type { Candidate } from "./filter-records.js";
import type { ChatModel, GenerationSettings, ServedModel } from "./generation-settings.js";
import { importEndpoint } from "./import-endpoint.js";
import { JournalIndex } from "./journal.js";
import { type Access, askJudge, askVectors, askWriter, keyOf } from "./model-calls.js";

/** How far a generation is. */
export interface GenerationProgress {
  readonly stage: "write" | "judge" | "embed";
  /** Requests of this stage that came back, those of earlier runs left out. */
  readonly done: number;
  readonly of: number;
  /** Spent so far, earlier runs included. */
  readonly cost: number;
}

/** Queries of one request for vectors. */
const BATCH = 64;

/** The requests of a generation that the journal does not answer yet. */
export class Requests {
  constructor(
    readonly input: Access & {
      readonly onProgress?: (progress: GenerationProgress) => void;
      readonly signal?: AbortSignal;
    },
    readonly settings: GenerationSettings,
    readonly index: JournalIndex,
  ) {}

  /** Lets the generator write what drafts leave to it. */
  async write(drafts: readonly Draft[]): Promise<void> {
    const { generator, seed, filters } = this.settings;
    if (!generator) return;
    const open = drafts.filter(({ prompt, index }) => prompt !== null && !this.index.outcomes.has(index));
    await this.#run("write", generator, open, async ({ index, prompt, kind }) => {
      const request = {
        index,
        seed,
        prompt: prompt ?? "",
        writes: kind.model?.writes ?? [],
        maxCharacters: filters.maxCharacters,
      };
      await this.index.add(await askWriter(generator, this.input, request, this.input.signal));
    });
  }

  /** Asks one judge about each candidate. */
  async judge(judge: ChatModel, candidates: readonly Candidate[]): Promise<void> {
    const key = keyOf(judge);
    const open = candidates.filter(({ draft }) => !this.index.votes.has(JournalIndex.key(draft.index, key)));
    await this.#run("judge", judge, open, async ({ draft, fields }) => {
      const about = { index: draft.index, query: fields.query, seed: this.settings.seed >>> 1 };
      await this.index.add(await askJudge(judge, this.input, about, this.input.signal));
    });
  }

  /** Asks for the vectors of candidates, 64 in a request. */
  async embed(candidates: readonly Candidate[]): Promise<void> {
    const { embeddings } = this.settings;
    if (!embeddings) return;
    const key = keyOf(embeddings);
    const open = candidates.filter(({ draft }) => !this.index.vectors.has(JournalIndex.key(draft.index, key)));
    const batches = Array.from({ length: Math.ceil(open.length / BATCH) }, (_, i) =>
      open.slice(i * BATCH, (i + 1) * BATCH),
    );
    await this.#run("embed", embeddings, batches, async (batch) => {
      const queries = batch.map(({ draft, fields }) => ({ index: draft.index, query: fields.query }));
      for (const entry of await askVectors(embeddings, this.input, queries, this.input.signal))
        await this.index.add(entry);
    });
  }

  /** Runs requests, some at a time; those in flight when something ends the run still reach the journal. */
  async #run<T>(
    stage: GenerationProgress["stage"],
    model: ServedModel,
    items: readonly T[],
    work: (item: T) => Promise<void>,
  ): Promise<void> {
    if (items.length === 0) return;
    const { maxCost, failures } = this.settings;
    const endpoint = await importEndpoint();
    let done = 0;
    let ended: { readonly error: unknown } | null = null;
    const failed: EndpointError[] = [];
    await endpoint.mapLimited(items, model.concurrency, async (item) => {
      if (ended !== null) return;
      if (maxCost !== undefined && this.index.cost >= maxCost) {
        const message = `expected to spend at most ${maxCost}, found ${this.index.cost.toFixed(6)} spent: raise maxCost and run again to go on`;
        ended = { error: new GenerationError("budget", message) };
        return;
      }
      try {
        await work(item);
      } catch (error) {
        if (error instanceof endpoint.EndpointError && error.scope === "request") failed.push(error);
        else ended ??= { error };
        return;
      }
      done++;
      this.input.onProgress?.({ stage, done, of: items.length, cost: this.index.cost });
    });
    if (ended !== null) throw (ended as { readonly error: unknown }).error;
    if (failed.length > 0 && failures === "stop")
      throw new GenerationError(
        "incomplete",
        `${stage}: expected ${items.length} answers, found ${failed.length} failed requests (first: ${failed[0]?.message}): run again to try them again, or set failures to "drop"`,
        { cause: failed[0] },
      );
  }
}
