import type { EvalItem } from "@videosafety/safety-data";
import type { PreparedSample, VideoLlm } from "@videosafety/video-llm";
import type { SampledVideo, SamplePlan } from "@videosafety/video-sampler";
import { attackedFrames, attackedInput, findAttack } from "@videosafety/vsb-eval/attacks";
import { createWorldRng, type WorldRng } from "../../random/rng.js";
import { type ComposedClip, type ComposedSample, composedLabels } from "../../records/composed-set.js";
import { CLIP_FPS, CLIP_FRAMES } from "../../scenes/canvas.js";
import { isShown } from "../../scenes/composed-scene.js";
import { isHazard } from "../../scenes/composed-sign.js";
import { STAGE_SETTINGS } from "../../study/stage-settings.js";
import { reasoningSets } from "../../study/study-sets.js";
import { trainAtSftOn } from "../../study/train-stage.js";
import { USUAL, WINDOW_FRAMES } from "./sampling.js";
import { sceneFrames } from "./scene-frames.js";

/** Attacks of training records, with intensities from milder to strong; a third of the records stays as it is. */
const TRAINED: readonly { readonly arm: string; readonly least: number; readonly most: number }[] = [
  { arm: "fragment-short", least: 0.5, most: 0.97 },
  { arm: "corner", least: 0.2, most: 0.6 },
  { arm: "low-contrast", least: 0.2, most: 0.8 },
  { arm: "re-encoded", least: 0.3, most: 1 },
];

/** Moments of a window of neighbouring frames, from wide (a second apart) to dense (every frame). */
function someMoments(rng: WorldRng): number[] {
  const step = [1, 2, 4, 8][rng.integer(4)] as number;
  const first = rng.integer(CLIP_FRAMES - step * (WINDOW_FRAMES - 1));
  return Array.from({ length: WINDOW_FRAMES }, (_, k) => (first + k * step) / CLIP_FPS);
}

/** A record as it is shown in training. */
interface ShownRecord {
  /** Its frames; null for text alone. */
  readonly frames: SampledVideo | null;
  /** Per frame: whether it holds a hazard. */
  readonly hazards: readonly boolean[];
}

/** A record's clip as the usual plan samples it. */
async function asItIs({ clip }: ComposedSample): Promise<ShownRecord> {
  if (clip === null) return { frames: null, hazards: [] };
  const source = sceneFrames(new Map([[clip.path, clip.scene]]), USUAL, USUAL);
  const frames = await source.sample({ path: clip.path }, { frameCount: null });
  return { frames, hazards: frames.frameInfo.map(({ index }) => showsHazard(clip, index)) };
}

const showsHazard = ({ scene }: ComposedClip, frame: number): boolean =>
  scene.signs.some((sign) => isHazard(sign) && isShown(sign, frame));

/**
 * A record under an attack, for AT-SFT: other moments of the clip, short fragments in the same scene without signs, small and faint
 * pictures, compression.
 */
export async function attackedRecord(record: ComposedSample, rng: WorldRng): Promise<ShownRecord> {
  const { clip } = record;
  if (clip === null) return asItIs(record);
  const plan: SamplePlan = { type: "timestamps", timestampsSeconds: someMoments(rng) };
  const source = sceneFrames(new Map([[clip.path, clip.scene]]), plan, USUAL);
  const item = {
    id: record.id,
    query: record.query,
    language: record.language,
    video: { path: clip.path },
  } as EvalItem;
  const draw = rng.integer(3);
  const attack = draw === 0 ? null : (TRAINED[rng.integer(TRAINED.length)] as (typeof TRAINED)[number]);
  const intensity = attack === null ? 0 : attack.least + rng.uniform() * (attack.most - attack.least);
  const arm = {
    name: record.id,
    kind: "video" as const,
    frameCount: null,
    attacks: attack === null ? [] : [{ name: findAttack(attack.arm).name, intensity }],
  };
  const context = { attacks: [], source, choose: () => ({ path: clip.path }) };
  const attacked = await attackedInput(arm, item, context);
  const frames = await attackedFrames(arm, item, attacked, context);
  const { shots = [], edits = [] } = attacked.input.footage ?? {};
  const inset = edits.some(({ kind }) => kind === "inset");
  const hazards = frames.frameInfo.map(({ timeSeconds }) => {
    const shot = shots.find(
      ({ startSeconds, endSeconds }) => timeSeconds >= startSeconds - 1e-9 && timeSeconds < endSeconds - 1e-9,
    );
    if (!inset && shot?.source !== "item") return false;
    const at = inset ? timeSeconds : (shot?.sourceSeconds ?? 0) + timeSeconds - (shot?.startSeconds ?? 0);
    return showsHazard(clip, Math.floor(at * CLIP_FPS + 1e-6));
  });
  return { frames, hazards };
}

/**
 * A training sample. A clip is labelled harmful only where a shown frame holds its hazard: a head that is punished for what cannot be
 * seen learns to guess.
 */
async function sampleOf(model: VideoLlm, record: ComposedSample, shown: ShownRecord): Promise<PreparedSample> {
  const visual = shown.frames === null ? null : await model.encodeVideo(shown.frames, { kind: "video" });
  const messages = [{ role: "user" as const, content: record.query }];
  const prompt = model.preparePrompt({ messages, visual, alarmTokens: true });
  const labels = { ...composedLabels(record), visual: shown.hazards.includes(true) ? (1 as const) : (0 as const) };
  return model.prepareSample({ prompt, completion: record.answer, labels });
}

/** How much the training takes. */
export interface AttackedTraining {
  /** Seed of records, attacks and order. */
  readonly seed: number;
  /** Records, each in every epoch. */
  readonly records: number;
  /** Hears of steps. */
  readonly onStep?: (stage: string, step: number, total: number, loss: number) => void;
}

/** The study's records of stages 1 and 2: the same for every training of a seed. */
export const finetuningRecords = (seed: number, records: number): readonly ComposedSample[] =>
  reasoningSets(seed, { stages1And2: records, stage3: STAGE_SETTINGS.records.stage3 }).finetuning.samples;

/** Stages 1 and 2 on a base model, in place: the study's records, settings and steps, but two records of three are attacked. */
export async function trainOnAttacked(model: VideoLlm, { seed, records, onStep }: AttackedTraining): Promise<void> {
  const samples: PreparedSample[] = [];
  for (const [i, record] of finetuningRecords(seed, records).entries()) {
    const rng = createWorldRng(seed, "adversarial", record.id);
    samples.push(await sampleOf(model, record, i % 3 === 0 ? await asItIs(record) : await attackedRecord(record, rng)));
  }
  const { stage1, stage2 } = STAGE_SETTINGS;
  const shared = { alarmTokens: true, clips: true };
  const { lambdaVisual, lambdaTextual } = stage2;
  const specs = [
    { stage: 1, ...shared, epochs: stage1.epochs, lambdaVisual: 0, lambdaTextual: 0 },
    { stage: 2, ...shared, epochs: stage2.epochs, lambdaVisual, lambdaTextual },
  ] as const;
  for (const spec of specs)
    for await (const { step, totalSteps, loss } of trainAtSftOn(model, samples, spec, seed))
      onStep?.(`stage ${spec.stage}`, step, totalSteps, loss);
}
