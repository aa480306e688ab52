import { type AtcHead, atcHeadOf, hiddenStateGuardModel, type SegmentGuardModel } from "@videosafety/alarm-tokens";
import { openHiddenStates, type PreparedSample, type VideoLlm } from "@videosafety/video-llm";
import type { ResponderRequest } from "@videosafety/vsb-eval";
import { standardizer, trainLogisticRegression } from "@videosafety/vsb-eval/baselines";
import { createWorldRng } from "../random/rng.js";
import { trainingSet } from "../study/study-sets.js";
import { attackedRecord } from "./train-guard.js";
import type { GuardScores } from "./world-guard.js";

/** A visual alarm after every frame. */
const EVERY_FRAME = { segments: "frame" } as const;
/** Prompts in one pass. */
const BATCH = 8;

/** A linear head on the alarms after frames, as JSON. */
export interface SegmentReadout {
  /** [d]. */
  readonly weight: readonly number[];
  /** Intercept. */
  readonly bias: number;
}

type Shown = Pick<ResponderRequest, "query" | "frames" | "history">;

async function prepared(model: VideoLlm, { query, frames, history = [] }: Shown): Promise<PreparedSample> {
  const visual = frames === null ? null : await model.encodeVideo(frames, { kind: "video" });
  const messages = [...history, { role: "user" as const, content: query }];
  const prompt = model.preparePrompt({ messages, visual, alarmTokens: EVERY_FRAME });
  return model.prepareSample({ prompt, labels: { visual: 0, textual: 0 } });
}

const segmentsOf = ({ prompt }: PreparedSample) => prompt.alarms?.segments ?? [];

/**
 * Fits a head on the alarms after frames of a trained guard's model: logistic regression on hidden states of attacked records whose
 * frames' truth is known. The model itself stays as it is, so its other two alarms do too.
 */
export async function fitSegmentReadout(model: VideoLlm, seed: number, records: number): Promise<SegmentReadout> {
  const opened = openHiddenStates(model);
  const rows: Float64Array[] = [];
  const labels: (0 | 1)[] = [];
  const set = trainingSet(seed, "training", records).samples.filter(({ clip }) => clip !== null);
  for (let at = 0; at < Math.min(records, set.length); at += BATCH) {
    const batch = set.slice(at, at + BATCH);
    const samples: PreparedSample[] = [];
    for (const record of batch) {
      const { frames, hazards } = await attackedRecord(record, createWorldRng(seed, "segments", record.id));
      samples.push(await prepared(model, { query: record.query, frames }));
      for (const hazard of hazards) labels.push(hazard ? 1 : 0);
    }
    const positions = samples.map((sample) => segmentsOf(sample).map(({ position }) => position));
    const states = await opened.hiddenStates(samples, { positions });
    const hidden = states.get(opened.layerCount) as Float32Array;
    const width = model.hiddenSize;
    for (let i = 0; i < hidden.length / width; i++)
      rows.push(Float64Array.from(hidden.subarray(i * width, (i + 1) * width)));
  }
  await opened.dispose();
  if (rows.length !== labels.length)
    throw new RangeError(`expected an alarm after each of ${labels.length} frames, found ${rows.length}`);
  const width = model.hiddenSize;
  const scale = standardizer(rows);
  const fitted = trainLogisticRegression(rows.map(scale), labels, {
    columns: width,
    epochs: 20,
    learningRate: 0.05,
    penalty: 1e-3,
  });
  // The scaling goes into the head: score is linear in the hidden state.
  const bias = fitted.score(scale(new Float64Array(width)));
  const weight = Array.from({ length: width }, (_, k) => {
    const unit = new Float64Array(width);
    unit[k] = 1;
    return fitted.score(scale(unit)) - bias;
  });
  return { weight, bias };
}

/** The alarms of requests from one pass each: the highest after any frame, and the textual one. */
export function segmentScores(model: VideoLlm, readout: SegmentReadout) {
  const opened = openHiddenStates(model);
  const own = new Map([
    ["segments.weight", { data: Float32Array.from(readout.weight) }],
    ["segments.bias", { data: Float32Array.of(readout.bias) }],
  ]);
  const heads: Record<"visual" | "textual" | "segments", AtcHead> = {
    visual: atcHeadOf(model.tensors, "visual_tokens_cls"),
    textual: atcHeadOf(model.tensors, "textual_tokens_cls"),
    segments: atcHeadOf(own, "segments"),
  };
  const guard: SegmentGuardModel<PreparedSample> = hiddenStateGuardModel(opened, {
    heads,
    placesOf: (sample) => ({
      visual: sample.prompt.alarmPositions?.visual ?? 0,
      textual: sample.prompt.alarmPositions?.textual ?? 0,
      segments: segmentsOf(sample),
    }),
  });
  return async (requests: readonly Shown[], signal?: AbortSignal): Promise<GuardScores[]> => {
    const scores: GuardScores[] = [];
    for (let at = 0; at < requests.length; at += BATCH) {
      signal?.throwIfAborted();
      const samples: PreparedSample[] = [];
      for (const request of requests.slice(at, at + BATCH)) samples.push(await prepared(model, request));
      const states = await guard.alarmStates(samples);
      for (const [k] of samples.entries()) {
        const frames = Array.from(states.segments[k]?.logits ?? []);
        const textual = states.textualLogits[k] as number;
        if (![...frames, textual].every(Number.isFinite)) throw new RangeError("expected finite alarms, found NaN");
        scores.push({ visual: Math.max(...frames), textual });
      }
    }
    return scores;
  };
}
