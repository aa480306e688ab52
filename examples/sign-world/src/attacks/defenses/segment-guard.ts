import { type AtcHead, atcHeadOf, hiddenStateGuardModel, type SegmentGuardModel } from "@videosafety/alarm-tokens";
import { openHiddenStates, type PreparedSample, type VideoLlm } from "@videosafety/video-llm";
import { standardizer, trainLogisticRegression } from "@videosafety/vsb-eval/baselines";
import { createWorldRng } from "../../random/rng.js";
import { batchesOf, type EncodedPiece, type Piece, pieceKey, piecesOf } from "./pieces.js";
import { Remembered } from "./remembered.js";
import { attackedRecord, finetuningRecords } from "./train-attacked.js";
import { type GuardReader, type GuardScores, scoredByPieces } from "./world-guard.js";

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

function prepared(model: VideoLlm, { query, visual, history = [] }: EncodedPiece): PreparedSample {
  const messages = [...history, { role: "user" as const, content: query }];
  const prompt = model.preparePrompt({ messages, visual, alarmTokens: EVERY_FRAME });
  return model.prepareSample({ prompt, labels: { visual: 0, textual: 0 } });
}

/** Hidden states come from a session of their own, which encodes frames itself. */
async function shown(model: VideoLlm, piece: Piece): Promise<EncodedPiece> {
  const { frames } = piece;
  return { ...piece, visual: frames === null ? null : await model.encodeVideo(frames, { kind: "video", lazy: true }) };
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
  const set = finetuningRecords(seed, records).filter(({ clip }) => clip !== null);
  for (const batch of batchesOf(set, BATCH)) {
    const samples: PreparedSample[] = [];
    for (const record of batch) {
      const { frames, hazards } = await attackedRecord(record, createWorldRng(seed, "segments", record.id));
      const [piece] = piecesOf({ query: record.query, frames }, "whole") as [Piece];
      samples.push(prepared(model, await shown(model, piece)));
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
export function segmentReader(model: VideoLlm, readout: SegmentReadout): GuardReader {
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
  const memory = new Remembered<Piece, EncodedPiece, GuardScores>(
    async (piece) => ({ ready: await shown(model, piece), milliseconds: 0 }),
    async (pieces, signal) => {
      const scores: GuardScores[] = [];
      for (const batch of batchesOf(pieces, BATCH)) {
        signal?.throwIfAborted();
        const samples = batch.map((piece) => prepared(model, piece));
        const states = await guard.alarmStates(samples);
        for (const k of samples.keys()) {
          const frames = Array.from(states.segments[k]?.logits ?? []);
          const textual = states.textualLogits[k] as number;
          if (![...frames, textual].every(Number.isFinite)) throw new RangeError("expected finite alarms, found NaN");
          scores.push({ visual: Math.max(...frames), textual });
        }
      }
      return scores;
    },
  );
  return (requests, signal) => scoredByPieces(requests, { view: "whole" }, memory, pieceKey, signal);
}
