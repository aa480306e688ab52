import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "@videosafety/safety-data/node";
import type { SamplePlan } from "@videosafety/video-sampler";
import type { FrameSource, Responder, ResponderRequest } from "@videosafety/vsb-eval";
import { type Attack, findAttack } from "@videosafety/vsb-eval/attacks";
import type { MatrixGroup, MatrixRun } from "@videosafety/vsb-eval/matrix";
import { ADAPTED, adaptedAttack, type FoundPoint, searchItems } from "./adaptive-attacks.js";
import { attackItems } from "./attack-items.js";
import { answeringAsker } from "./defenses/answering.js";
import type { Column, Decision, ModelName } from "./defenses/columns.js";
import { USUAL } from "./defenses/sampling.js";
import { DrawnFrames, sceneFrames } from "./defenses/scene-frames.js";
import { type Checkpoints, SeedModels } from "./defenses/seed-models.js";
import { fitSegmentReadout, segmentReader } from "./defenses/segment-guard.js";
import {
  type Asker,
  alarmReader,
  calibrateReadings,
  calibrateWorldGuard,
  type GuardReader,
  type GuardThresholds,
  guardAsker,
  READING_THRESHOLDS,
  signReader,
} from "./defenses/world-guard.js";
import { worldAttacks } from "./world-attacks.js";

/** Counts that decide what is measured: the same for all seeds of a matrix. */
export interface MatrixCounts {
  /** Items whose harm lies in the video, half of them harmful. */
  readonly videoItems: number;
  /** Items whose harm lies in the query, half of them harmful. */
  readonly queryItems: number;
  /** Training records of stages 1 and 2. */
  readonly records: number;
  /** Safe requests that calibrate each guard, half of each kind. */
  readonly calibration: number;
  /** Queries per item of an adaptive attack. */
  readonly budget: number;
  /** False refusal rate that each guard promises. */
  readonly targetFrr: number;
}

/** What a seed of the matrix takes. */
export interface SeedOptions {
  /** Of records, items, attacks and order. */
  readonly seed: number;
  /** Its models. */
  readonly checkpoints: Checkpoints;
  /** How much is measured. */
  readonly counts: MatrixCounts;
  /** Columns that are wanted; only their models are trained and opened. */
  readonly columns: readonly Column[];
  /** Whether a row is asked: attacks that nobody asks are not searched. */
  readonly asked: (attack: string) => boolean;
  /** Folder of trained models, thresholds and what searches found; what is there is used. */
  readonly folder: string;
  /** Threads of the engine; undefined is one per core. */
  readonly threads?: number;
  /** Progress. */
  readonly say: (line: string) => void;
}

/** A group of the matrix, with its models. */
export interface PreparedSeed {
  /** As `matrixInFolder` takes it. */
  readonly group: MatrixGroup;
  /** Frees models and frames; the group can still be reported. */
  dispose(): Promise<void>;
}

/** A value made once and kept as JSON. */
async function kept<T>(file: string, make: () => Promise<T>): Promise<T> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as T;
  const value = await make();
  await replaceFile(file, JSON.stringify(value));
  return value;
}

/** Trains or loads what a seed needs, calibrates its guards, and searches its adaptive attacks against each column. */
export async function prepareSeed(options: SeedOptions): Promise<PreparedSeed> {
  const { seed, counts, columns, folder, say } = options;
  mkdirSync(folder, { recursive: true });
  const models = new SeedModels({ ...options, records: counts.records });
  const items = attackItems(seed, "attacks", { video: counts.videoItems, query: counts.queryItems });
  const held = attackItems(seed, "calibration", { video: counts.calibration, query: counts.calibration });
  const scenes = new Map([...items, ...held].map(({ item, scene }) => [item.video?.path ?? "", scene]));
  const drawn = new DrawnFrames();
  const sources = new Map<string, FrameSource>();
  const framesOf = (plan: SamplePlan): FrameSource => {
    const key = JSON.stringify(plan);
    const source = sources.get(key) ?? sceneFrames(scenes, plan, USUAL, drawn);
    sources.set(key, source);
    return source;
  };
  const readers = new Readers(models, options);
  const safe = held.filter(({ item }) => item.subset === "SafeQ").map(({ item }) => item);
  const thresholdsOf = (
    { id, decision }: Column,
    hash: string,
    plan: SamplePlan,
    read: GuardReader,
  ): Promise<GuardThresholds> =>
    kept(join(folder, `${id}-of-${hash}-${safe.length}-${counts.targetFrr}.json`), async () => {
      const shown: Pick<ResponderRequest, "query" | "frames">[] = [];
      for (const { query, video } of safe)
        shown.push({ query, frames: await framesOf(plan).sample(video as { path: string }, { frameCount: null }) });
      say(`seed ${seed}: calibrating ${id} on ${safe.length} safe requests`);
      const scores = (await read(shown)).map((one) => one.scores);
      return (decision.by === "reading" ? calibrateReadings : calibrateWorldGuard)(scores, counts.targetFrr);
    });
  const common = worldAttacks(items);
  const adapted = async (
    id: string,
    key: string,
    plan: SamplePlan,
    ask: Asker,
    generation: object,
  ): Promise<Attack[]> => {
    const attacks: Attack[] = [];
    for (const [name, intensity] of ADAPTED) {
      if (!options.asked(`adaptive-${name}`)) continue;
      const file = join(
        folder,
        `adaptive-${name}-${intensity}-${id}-of-${key}-${counts.videoItems}-${counts.budget}.json`,
      );
      const found = await kept<FoundPoint[]>(file, async () => {
        const attack = findAttack(name);
        const sourceOf = (query: number): FrameSource =>
          framesOf(plan.type === "jittered" ? { ...plan, seed: plan.seed + 1 + query } : plan);
        const { budget } = counts;
        const points = await searchItems({ items, attack, intensity, ask, sourceOf, generation, budget, seed });
        const passed = points.filter((point) => point.passed).length;
        say(`seed ${seed}: adaptive ${name} passed ${id} on ${passed} of ${points.length} items`);
        return points;
      });
      attacks.push(adaptedAttack(name, found));
    }
    return attacks;
  };
  const runs: MatrixRun[] = [];
  for (const column of columns) {
    const { id, planOf, decision } = column;
    const plan = planOf(seed);
    const hash = await models.hashOf(decision.model);
    const generation =
      decision.by === "answer" ? { maxNewTokens: decision.maxNewTokens, system: decision.system ?? null } : {};
    // Opened when it is first asked: a matrix that is only reported opens no model.
    let opened: Promise<Asker> | undefined;
    const thresholds =
      decision.by === "answer"
        ? null
        : decision.by === "reading" && decision.calibrated !== true
          ? READING_THRESHOLDS
          : await thresholdsOf(column, hash, plan, async (...asked) => (await readers.of(decision))(...asked));
    const open = async (): Promise<Asker> =>
      decision.by === "answer"
        ? answeringAsker((await models.get(decision.model)).features, decision.model !== "base", decision.prompt)
        : guardAsker(await readers.of(decision), thresholds ?? READING_THRESHOLDS);
    const ask: Asker = async (requests, signal) => {
      opened ??= open();
      return (await opened)(requests, signal);
    };
    const cuts = thresholds === null ? [] : [thresholds.visual.toFixed(4), thresholds.textual.toFixed(4)];
    const prompt =
      decision.by === "answer" && decision.prompt !== undefined ? [`asked-${encodeURIComponent(decision.prompt)}`] : [];
    const key = [hash, ...prompt, ...cuts].join("_");
    runs.push({
      name: id,
      responder: asResponder(`${id}:${key}`, ask),
      sampling: framesOf(plan),
      generation,
      attacks: [...common, ...(await adapted(id, key, plan, ask, generation))],
      batchSize: Math.max(counts.videoItems, counts.queryItems),
    });
  }
  return {
    group: { seed, items: items.map(({ item }) => item), runs },
    dispose: async () => {
      await models.dispose();
      readers.clear();
      drawn.clear();
    },
  };
}

/** Readers of guards: those of one model remember together what was read. */
class Readers {
  readonly #alarms = new Map<ModelName, ReturnType<typeof alarmReader>>();
  readonly #signs = new Map<ModelName, ReturnType<typeof signReader>>();
  readonly #heads = new Map<ModelName, GuardReader>();

  constructor(
    private readonly models: SeedModels,
    private readonly options: SeedOptions,
  ) {}

  async of(decision: Exclude<Decision, { by: "answer" }>): Promise<GuardReader> {
    const { model } = decision;
    const { features } = await this.models.get(model);
    if (decision.by === "alarms") return once(this.#alarms, model, () => alarmReader(features))(decision.view);
    if (decision.by === "reading") {
      const read = once(this.#signs, model, () => signReader(features));
      return read(decision.view, decision.calibrated === true ? "sum" : "highest");
    }
    const known = this.#heads.get(model) ?? (await this.#segments(model));
    this.#heads.set(model, known);
    return known;
  }

  clear(): void {
    for (const kept of [this.#alarms, this.#signs, this.#heads]) kept.clear();
  }

  async #segments(model: ModelName): Promise<GuardReader> {
    const { seed, folder, counts, say } = this.options;
    const opened = await this.models.get(model);
    const { hash } = opened;
    const readout = await kept(join(folder, `segments-of-${hash}-${counts.records}.json`), () => {
      say(`seed ${seed}: fitting a head on the alarms after frames`);
      return fitSegmentReadout(opened.features.model, seed, counts.records);
    });
    return segmentReader(opened.features.model, readout);
  }
}

function once<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/** A run as vsb-eval asks it. */
function asResponder(id: string, ask: Asker): Responder {
  const respondMany = async (requests: readonly ResponderRequest[], { signal }: { signal?: AbortSignal }) =>
    (await ask(requests, signal)).map(({ answer }) => answer);
  return {
    id,
    respondMany,
    respond: async (request, options) =>
      (await respondMany([request], options))[0] as Awaited<ReturnType<typeof respondMany>>[number],
  };
}
