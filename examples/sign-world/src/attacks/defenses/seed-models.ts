import { existsSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "@videosafety/safety-data/node";
import { loadVideoLlm, saveVideoLlm } from "@videosafety/video-llm";
import { hashOfWeights } from "../../base/record-training-node.js";
import { MAIN_ARMS } from "../../study/arms.js";
import { STAGE_SETTINGS } from "../../study/stage-settings.js";
import { studySets } from "../../study/study-sets.js";
import { RenderedFeatures, trainStage } from "../../study/train-stage.js";
import type { ModelName } from "./columns.js";
import { FrameFeatures, type FrameTable } from "./frame-features.js";
import { processorMilliseconds } from "./remembered.js";
import { trainOnAttacked } from "./train-attacked.js";

/** Model folders of a seed. What is not given is trained. */
export interface Checkpoints {
  /** The base. */
  readonly base: string;
  /** After stages 1 and 2. */
  readonly stage2?: string;
  /** After all stages. */
  readonly stage4?: string;
}

/** What the models of a seed take. */
export interface SeedModelsOptions {
  /** Of records and order. */
  readonly seed: number;
  /** Where models are. */
  readonly checkpoints: Checkpoints;
  /** Gets what is trained. */
  readonly folder: string;
  /** Records of stages 1 and 2. */
  readonly records: number;
  /** Threads of the engine; undefined is one per core. */
  readonly threads?: number;
  /** Progress. */
  readonly say: (line: string) => void;
}

/** A model that is ready to be asked. */
export interface Opened {
  /** With features that all models of the seed share. */
  readonly features: FrameFeatures;
  /** Of its weights. */
  readonly hash: string;
}

const shortHash = (folder: string): string => hashOfWeights(folder).slice(0, 16);
/** Written last: a folder without it is trained again. */
const READY = "trained.json";
/** The whole method. */
const STAGES = MAIN_ARMS.find(({ name }) => name === "full")?.stages ?? [];

/** The models of one seed: given ones are loaded, others are trained once and kept; each is opened when it is first asked for. */
export class SeedModels {
  readonly #opened = new Map<ModelName, Promise<Opened>>();
  readonly #table: FrameTable = new Map();

  constructor(private readonly options: SeedModelsOptions) {}

  /** A model; trained where nobody gave it. */
  get(name: ModelName): Promise<Opened> {
    const known = this.#opened.get(name) ?? this.#open(name);
    this.#opened.set(name, known);
    return known;
  }

  /** Hash of a model's weights; trained where nobody gave it. */
  async hashOf(name: ModelName): Promise<string> {
    return shortHash(await this.#folderOf(name));
  }

  /** Frees the models and what was encoded with them. */
  async dispose(): Promise<void> {
    for (const opened of this.#opened.values()) await (await opened).features.model.dispose();
    this.#opened.clear();
    this.#table.clear();
  }

  async #open(name: ModelName): Promise<Opened> {
    const folder = await this.#folderOf(name);
    const model = await loadVideoLlm(folder, this.#runtime);
    return { features: new FrameFeatures(model, this.#table), hash: shortHash(folder) };
  }

  get #runtime() {
    const { threads } = this.options;
    return { memoryPattern: false, ...(threads === undefined ? {} : { threads }) };
  }

  async #folderOf(name: ModelName): Promise<string> {
    const { checkpoints, folder, records } = this.options;
    if (name === "base") return checkpoints.base;
    const given = name === "stage-2" ? checkpoints.stage2 : name === "stage-4" ? checkpoints.stage4 : undefined;
    if (given !== undefined) return given;
    const place = join(folder, `${name}-of-${shortHash(checkpoints.base)}-${records}`);
    if (!existsSync(join(place, READY))) await this.#train(name, place);
    return place;
  }

  async #train(name: ModelName, place: string): Promise<void> {
    const { seed, records, say } = this.options;
    const started = processorMilliseconds();
    // Stages 3 and 4 go on from stage 2.
    const from = name === "stage-4" ? await this.#folderOf("stage-2") : this.options.checkpoints.base;
    const model = await loadVideoLlm(from, this.#runtime);
    if (name === "attacked")
      await trainOnAttacked(model, {
        seed,
        records,
        onStep: (stage, step, total, loss) => {
          if (step % 15 === 0 || step === total)
            say(`seed ${seed}, attacked records, ${stage}: ${step}/${total}, loss ${loss.toFixed(3)}`);
        },
      });
    else {
      const sets = studySets(seed, "test", { ...STAGE_SETTINGS.records, stages1And2: records, heldOutClips: 2 });
      const features = new RenderedFeatures(model);
      for (const spec of STAGES.filter(({ stage }) => (name === "stage-2" ? stage <= 2 : stage > 2))) {
        const rows = await trainStage(features, spec, sets, seed);
        say(`seed ${seed}: stage ${spec.stage}, last ${rows.at(-1)?.value.toFixed(3)}`);
      }
    }
    await saveVideoLlm(model, place);
    await model.dispose();
    const processorSeconds = Math.round((processorMilliseconds() - started) / 1000);
    await replaceFile(join(place, READY), JSON.stringify({ seed, records, processorSeconds }));
  }
}
