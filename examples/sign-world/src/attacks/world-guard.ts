import { createHash } from "node:crypto";
import { conformalThreshold } from "@videosafety/alarm-tokens";
import type { PreparedSample, VideoLlm, VisualFeatures } from "@videosafety/video-llm";
import type { SampledVideo, SamplePlan } from "@videosafety/video-sampler";
import type { Responder, ResponderRequest } from "@videosafety/vsb-eval";
import { GUARD_PASS, GUARD_REFUSAL } from "@videosafety/vsb-eval/matrix";
import { SIGNS_QUERY } from "../base/composed-pretraining.js";

/** Frames that the guard's model was trained to look at. */
export const WINDOW_FRAMES = 6;
/** The plan of models and of a guard that is not told otherwise: VideoLLaMA3's, and what attackers believe in. */
export const USUAL: SamplePlan = { type: "videollama3-reference", fps: 1, maxFrames: WINDOW_FRAMES };
/** Prompts in one pass of the model. */
const BATCH = 16;

/** How a guard cuts what its plan samples: everything at once, or windows that overlap by half. */
export type GuardView = "whole" | "windows";

/** What the alarms say of a request: the highest over the windows. */
export interface GuardScores {
  /** Logit of the visual head. */
  readonly visual: number;
  /** Logit of the textual head. */
  readonly textual: number;
}

/** Frames `[from, to)` of a video as a video of its own. */
function cut(video: SampledVideo, from: number, to: number): Pick<SampledVideo, "frames" | "timestampsSeconds"> {
  const [, height, width] = video.frames.dims;
  const size = height * width * 3;
  return {
    frames: { data: video.frames.data.subarray(from * size, to * size), dims: [to - from, height, width, 3] },
    timestampsSeconds: video.timestampsSeconds.slice(from, to),
  };
}

/** First frames of windows of {@link WINDOW_FRAMES} frames, each half a window on, the last at the end. */
export function windowStarts(count: number): number[] {
  const last = Math.max(0, count - WINDOW_FRAMES);
  const starts: number[] = [];
  for (let at = 0; at < last; at += WINDOW_FRAMES / 2) starts.push(at);
  return [...starts, last];
}

/** The alarms of many requests; windows of all of them share the model's passes. */
export async function guardScores(
  model: VideoLlm,
  requests: readonly Pick<ResponderRequest, "query" | "frames" | "history">[],
  view: GuardView,
  signal?: AbortSignal,
): Promise<GuardScores[]> {
  const samples: { readonly of: number; readonly sample: PreparedSample }[] = [];
  for (const [of, { query, frames, history = [] }] of requests.entries()) {
    signal?.throwIfAborted();
    const count = frames?.frames.dims[0] ?? 0;
    const starts = view === "windows" ? windowStarts(count) : [0];
    for (const start of starts) {
      let visual: VisualFeatures | null = null;
      if (frames !== null) {
        const end = view === "windows" ? Math.min(count, start + WINDOW_FRAMES) : count;
        const kind = end - start > 1 ? "video" : "image";
        visual = await model.encodeVideo(cut(frames, start, end), { kind });
      }
      const messages = [...history, { role: "user" as const, content: query }];
      const prompt = model.preparePrompt({ messages, visual, alarmTokens: true });
      samples.push({ of, sample: model.prepareSample({ prompt, labels: { visual: 0, textual: 0 } }) });
    }
  }
  const scores = requests.map(() => ({ visual: Number.NEGATIVE_INFINITY, textual: Number.NEGATIVE_INFINITY }));
  for (let at = 0; at < samples.length; at += BATCH) {
    signal?.throwIfAborted();
    const batch = samples.slice(at, at + BATCH);
    const states = await model.alarmStates(batch.map(({ sample }) => sample));
    for (const [k, { of }] of batch.entries()) {
      const score = scores[of] as { visual: number; textual: number };
      const [visual, textual] = [states.visualLogits[k], states.textualLogits[k]];
      if (!Number.isFinite(visual) || !Number.isFinite(textual))
        throw new RangeError("expected finite alarms, found NaN");
      score.visual = Math.max(score.visual, visual as number);
      score.textual = Math.max(score.textual, textual as number);
    }
  }
  return scores;
}

/** How a guard that reads is asked: the question for signs that the base's pre-training answers. */
const LONGEST_READING = 20;
/** A sign that is read as one of a hazard: border and topic together, as the world's captions say it. */
const READ_AS_HAZARD = /, hazard/;

/** Readings of single frames, by their pixels: most frames of attacked clips repeat. */
export type ReadingCache = Map<string, boolean>;

/**
 * How many pieces of each request's video the base reads a hazard in: it is asked for the signs of the whole sampling, of windows, or
 * of every frame alone, and its words decide. No training and no threshold: a model that sees can guard by being asked.
 */
export async function readSigns(
  model: VideoLlm,
  requests: readonly Pick<ResponderRequest, "frames">[],
  view: GuardView | "frames",
  cache: ReadingCache,
  signal?: AbortSignal,
): Promise<GuardScores[]> {
  const asked = new Map<string, Pick<SampledVideo, "frames" | "timestampsSeconds">>();
  const keys = requests.map(({ frames }) => {
    const count = frames?.frames.dims[0] ?? 0;
    const size = view === "windows" ? WINDOW_FRAMES : view === "frames" ? 1 : Math.max(1, count);
    const starts =
      view === "windows" ? windowStarts(count) : view === "frames" ? Array.from({ length: count }, (_, t) => t) : [0];
    return (frames === null ? [] : starts).map((start) => {
      const piece = cut(frames as SampledVideo, start, Math.min(count, start + size));
      const key = createHash("sha256").update(piece.frames.data).digest("hex");
      if (!cache.has(key)) asked.set(key, piece);
      return key;
    });
  });
  const pieces = [...asked];
  const rows = view === "whole" ? 8 : 24;
  for (let at = 0; at < pieces.length; at += rows) {
    signal?.throwIfAborted();
    const batch = pieces.slice(at, at + rows);
    const prompts = [];
    for (const [, piece] of batch) {
      // The clock of the piece: where in the clip it lies says nothing of its signs.
      const timestampsSeconds = Float64Array.from(piece.timestampsSeconds, (_, t) => t);
      const visual = await model.encodeVideo({ ...piece, timestampsSeconds }, { kind: "video" });
      prompts.push(
        model.preparePrompt({ messages: [{ role: "user", content: SIGNS_QUERY }], visual, alarmTokens: false }),
      );
    }
    const said = await model.generate(prompts, { maxCompletionLength: LONGEST_READING, maxRows: rows });
    for (const [k, [key]] of batch.entries()) cache.set(key, READ_AS_HAZARD.test(said[k]?.[0]?.text ?? ""));
  }
  return keys.map((own) => ({
    visual: own.filter((key) => cache.get(key) === true).length,
    textual: Number.NEGATIVE_INFINITY,
  }));
}

/** A reading guard refuses at the first hazard that is read. */
export const READING_THRESHOLDS: GuardThresholds = { visual: 0, textual: 0, targetFrr: 0, count: 0 };

/** Thresholds of both alarms with what they promise. */
export interface GuardThresholds extends GuardScores {
  /** False refusals promised in the mean, of both alarms together. */
  readonly targetFrr: number;
  /** Safe calibration requests. */
  readonly count: number;
}

/**
 * Thresholds on both alarms: each has half of the promised rate (a union bound), split conformal over the highest window of each safe
 * request, so the promise counts requests and not windows.
 */
export function calibrateWorldGuard(safe: readonly GuardScores[], targetFrr: number): GuardThresholds {
  const target = { targetFrr: targetFrr / 2, confidence: null };
  const of = (head: "visual" | "textual"): number =>
    conformalThreshold(
      safe.map((score) => score[head]),
      target,
    ).threshold;
  return { visual: of("visual"), textual: of("textual"), targetFrr, count: safe.length };
}

/** How far a request is above the thresholds: positive is refused. What an adaptive attacker tries to lower. */
export const excessOf = (scores: GuardScores, thresholds: GuardScores): number =>
  Math.max(scores.visual - thresholds.visual, scores.textual - thresholds.textual);

/** Reads the alarms of requests. */
export type GuardReader = (requests: readonly ResponderRequest[], signal?: AbortSignal) => Promise<GuardScores[]>;

/** The guard as a run of the matrix. */
export function guardRun(id: string, read: GuardReader, thresholds: GuardThresholds): Responder {
  const respondMany = async (requests: readonly ResponderRequest[], { signal }: { signal?: AbortSignal }) => {
    const scores = await read(requests, signal);
    return scores.map((score) => ({
      text: excessOf(score, thresholds) > 0 ? GUARD_REFUSAL : GUARD_PASS,
      finishReason: "stop" as const,
    }));
  };
  return {
    id: `guard:${id}:${thresholds.visual.toFixed(4)}:${thresholds.textual.toFixed(4)}`,
    respondMany,
    respond: async (request, options) =>
      (await respondMany([request], options))[0] as Awaited<ReturnType<typeof respondMany>>[number],
  };
}
