import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { basename } from "node:path";
import {
  calibrateGuard,
  calibrationHalf,
  type GuardCalibration,
  minimumCalibrationSize,
  type RefuseOn,
  shouldRefuse,
} from "@videosafety/alarm-tokens";
import type { EvalItem } from "@videosafety/safety-data";
import { type Precision, samplePlanFor } from "@videosafety/video-llm";
import { type ItemFormat, loadItems, sha256File } from "@videosafety/vsb-eval/node";
import { DefenseError } from "../../errors.js";
import { openCheckpoint } from "../../model/open-checkpoint-node.js";
import { calibrateCascade } from "../cascade/calibrate-cascade.js";
import { openFrameClassifier } from "../cascade/frame-classifier-node.js";
import { readGuardInput } from "../engine/local-engine.js";
import type { Cascade, FrameClassifierSettings } from "../file/cascade-schema.js";
import type { GuardFile } from "../file/guard-file.js";
import { writeGuardFile } from "../file/guard-file-node.js";
import { driftPower } from "./drift-power.js";
import { type ItemReading, readItems } from "./item-readings-node.js";
import { isPicture } from "./sample-item-node.js";

/** What {@link calibrateFromItems} takes. */
export interface CalibrateOptions {
  /** Directory, hub id, or folder of an adapter. */
  readonly checkpoint: string;
  readonly adapter?: string;
  readonly precision?: Precision;
  /** File of labelled items that the model was not trained on. */
  readonly items: string;
  readonly format?: ItemFormat;
  /** Only the items of this part; needed where the file has several. */
  readonly split?: string;
  /** Folder that media paths start from. */
  readonly root: string;
  /** The false refusal rate to promise. */
  readonly targetFrr: number;
  readonly confidence: number | null;
  readonly refuseOn: RefuseOn;
  readonly maxFrames?: number;
  readonly fps?: number;
  /** A fast classifier of frames before the model, and what it may decide alone; calibrated together with it. */
  readonly firstTier?: {
    readonly file: string;
    readonly classifier: FrameClassifierSettings;
    /** Share of harmful items that it may let through. */
    readonly allowMiss: number;
    /** Share of safe items that it may refuse; 0: it refuses none. */
    readonly earlyRefuse: number;
  };
  /** Where the guard is written; readings are kept beside it while it is made. */
  readonly out: string;
  readonly onItem?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Scores that the drift test needs to compare live ones with. */
const LEAST_SCORES = 19;

const { version } = createRequire(import.meta.url)("@videosafety/defense/package.json") as { version: string };

/**
 * Makes a guard of a checkpoint and labelled items: reads the two heads over every item, fits temperatures and thresholds, and writes what it was
 * made of. Killed, the same call goes on after the last item that was read.
 *
 * @throws DefenseError `labels-missing` (too few safe items, several parts and none named), `media-missing`, `run-differs`; what loading throws
 */
export async function calibrateFromItems(options: CalibrateOptions): Promise<GuardFile> {
  const { checkpoint, adapter, precision, root, targetFrr, confidence, refuseOn, out, signal } = options;
  const items = await chooseItems(options);
  checkCounts(items, options);
  const opened = await openCheckpoint(checkpoint, {
    ...(adapter !== undefined && { adapter }),
    ...(precision !== undefined && { precision }),
    ...(signal && { signal }),
  });
  const { model, hash, frames } = opened;
  if (!opened.alarmTokens)
    throw new DefenseError(
      "model-unusable",
      `${checkpoint}: expected a model with trained alarm tokens, found none; videosafety train makes them`,
    );
  const limits = {
    ...frames,
    ...(options.maxFrames !== undefined && { maxFrames: options.maxFrames }),
    ...(options.fps !== undefined && { fps: options.fps }),
  };
  const plan = samplePlanFor(model.config.family, limits);
  const dataHash = await sha256File(options.items);
  const { firstTier } = options;
  const classifier = firstTier && (await openFrameClassifier(firstTier.file, firstTier.classifier));
  const readings = await readItems(
    items,
    {
      read: (input, stop) => readGuardInput(model, input, stop),
      ...(classifier && { readFrames: ({ videos }) => classifier.score(videos) }),
    },
    {
      ...{ plan, root },
      file: `${out}.readings.jsonl`,
      of: createHash("sha256")
        .update(JSON.stringify([hash, opened.precision, dataHash, plan, classifier?.sha256, firstTier?.classifier]))
        .digest("hex"),
      ...(options.onItem && { onItem: options.onItem }),
      ...(signal && { signal }),
    },
  );
  const calibration = calibrateGuard({
    visualLogits: readings.map(({ visual }) => visual),
    textualLogits: readings.map(({ textual }) => textual),
    labels: items.map(({ labels }) => labels),
    locations: items.map(({ id }) => ({ source: options.items, id })),
    ...{ targetFrr, confidence, refuseOn },
  });
  const cascade =
    firstTier && classifier
      ? cascadeOf(items, readings, calibration, { ...options, firstTier, sha256: classifier.sha256 })
      : null;
  await classifier?.close();
  const pictures = items.filter(({ video }) => video !== null && isPicture(video.path)).length;
  const textOnly = items.filter(({ video }) => video === null).length;
  const file: GuardFile = {
    format: "videosafety-guard-file-1",
    calibration: cascade === null ? calibration : { ...calibration, safeScores: cascade.safeScores },
    provenance: {
      checkpoint: { name: checkpoint, sha256: hash, family: model.config.family, precision: opened.precision },
      data: {
        name: basename(options.items),
        sha256: dataHash,
        split: options.split ?? null,
        items: items.length,
        safe: items.filter(({ labels }) => shouldRefuse(labels, refuseOn) === false).length,
        harmful: items.filter(({ labels }) => shouldRefuse(labels, refuseOn) === true).length,
        videos: items.length - pictures - textOnly,
        ...{ pictures, textOnly },
      },
      plan: { ...plan },
      createdAt: new Date().toISOString(),
      version,
    },
    drift: driftPower(cascade?.safeScores ?? calibration.safeScores ?? []),
    cascade: cascade === null ? null : cascade.cascade,
  };
  await writeGuardFile(out, file);
  return file;
}

/** Both tiers calibrated together, and the scores that the drift test compares with. */
function cascadeOf(
  items: readonly EvalItem[],
  readings: readonly ItemReading[],
  { temperatures }: GuardCalibration,
  options: CalibrateOptions & {
    readonly firstTier: NonNullable<CalibrateOptions["firstTier"]>;
    readonly sha256: string;
  },
): { cascade: Cascade; safeScores: number[] } {
  const { firstTier, refuseOn, targetFrr, confidence, sha256 } = options;
  const { safeScores, ...calibrated } = calibrateCascade({
    readings: readings.map((reading, i) => ({
      labels: (items[i] as EvalItem).labels,
      frames: (items[i] as EvalItem).video === null ? null : (reading.frames ?? null),
      visual: reading.visual / temperatures.visual,
      textual: reading.textual / temperatures.textual,
      framesMilliseconds: reading.framesMilliseconds ?? 0,
      milliseconds: reading.milliseconds,
    })),
    ...{ refuseOn, target: { targetFrr, confidence } },
    ...{ allowMiss: firstTier.allowMiss, earlyRefuse: firstTier.earlyRefuse },
  });
  const tier = { name: basename(firstTier.file), sha256, classifier: firstTier.classifier };
  return { cascade: { firstTier: tier, ...calibrated }, safeScores };
}

async function chooseItems({ items: path, format, split }: CalibrateOptions): Promise<EvalItem[]> {
  const all = await loadItems(path, format === undefined ? {} : { format });
  const splits = [...new Set(all.map((item) => item.split ?? null))];
  if (split === undefined && splits.length > 1)
    throw new DefenseError(
      "labels-missing",
      `${path}: expected items of one part, found ${splits.map((name) => name ?? "none").join(", ")}; name the one that the model was not trained on with --split`,
    );
  const chosen = split === undefined ? all : all.filter((item) => item.split === split);
  if (chosen.length > 0) return chosen;
  throw new DefenseError(
    "labels-missing",
    `${path}: expected items${split === undefined ? "" : ` of the part ${split}`}, found none${split === undefined ? "" : `; there are ${splits.map((name) => name ?? "items without a part").join(", ")}`}`,
  );
}

/** Before hours are spent. */
function checkCounts(
  items: readonly EvalItem[],
  { items: path, targetFrr, confidence, refuseOn, firstTier }: CalibrateOptions,
): void {
  // A guard of two heads or two tiers fits on one half of the items, chosen by a hash, and sets its threshold on the other.
  const split = refuseOn !== "textual" || firstTier !== undefined;
  const counted = split ? items.filter((_, i) => calibrationHalf(i) === "threshold") : items;
  const safe = counted.filter(({ labels }) => shouldRefuse(labels, refuseOn) === false).length;
  const needed = Math.max(LEAST_SCORES, minimumCalibrationSize({ targetFrr, confidence }));
  if (safe < needed)
    throw new DefenseError(
      "labels-missing",
      `${path}: expected at least ${needed} items that should be answered${split ? " in the half that sets the threshold" : ""}, to promise a false refusal rate of ${targetFrr}${confidence === null ? "" : ` with confidence ${confidence}`}, found ${safe}; add items or ask for a higher rate`,
    );
  const classes = (["visual", "textual"] as const).flatMap((modality) =>
    [0, 1]
      .filter((label) => !items.some(({ labels }) => labels[modality] === label))
      .map((label) => `${modality} ${label}`),
  );
  if (classes.length > 0)
    throw new DefenseError(
      "labels-missing",
      `${path}: expected items of both labels, found none with ${classes.join(", ")}; add some`,
    );
}
