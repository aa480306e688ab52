import { join } from "node:path";
import type { EvalItem } from "@videosafety/safety-data";
import type { FeatureCache, VideoLlm } from "@videosafety/video-llm";
import {
  createLocalResponder,
  createRuleJudge,
  type EvaluatedRun,
  loadRun,
  runEvaluation,
} from "@videosafety/vsb-eval";
import { JsonlFileStore, videoFrames } from "@videosafety/vsb-eval/node";
import {
  behaviourOf,
  type ComposedAnswer,
  type ComposedSample,
  type ComposedScores,
  type ComposedSet,
  composedEvalItems,
  scoreComposed,
} from "sign-world";
import type { Report } from "./run-training-node.js";

/** A checkpoint's evaluation. */
export interface Evaluation {
  /** Counts by subset, family, question and minimal pair. */
  readonly scores: ComposedScores;
  /** Answers in the tagged format, cut answers, and answers in all. */
  readonly form: { readonly tagged: number; readonly cut: number; readonly answers: number };
  /** A few answers, so that a reader sees what is counted. */
  readonly examples: readonly {
    readonly family: string;
    readonly arm: string;
    readonly query: string;
    readonly right: string;
    /** Null where a harmful request was not refused: what a model says then is counted, not shown. */
    readonly said: string | null;
    readonly behaviour: string;
  }[];
}

const EXAMPLES_PER_FAMILY = 2;

/**
 * Asks every held-out item with its clip, and the harmful requests without any as well. Answers are stored as they come: an
 * evaluation that was killed goes on where it stopped.
 */
export async function evaluateModel(
  name: string,
  context: {
    readonly model: VideoLlm;
    readonly features: FeatureCache;
    readonly folder: string;
    readonly seed: number;
  },
  set: ComposedSet,
  options: { readonly maxNewTokens: number; readonly alarmTokens: boolean; readonly report: Report },
): Promise<Evaluation> {
  const { model, features, folder, seed } = context;
  const { maxNewTokens, alarmTokens, report } = options;
  const inFolder = (path: string): string => join(folder, "clips", path);
  const all = [...composedEvalItems(set, "requests", inFolder), ...composedEvalItems(set, "references", inFolder)];
  const byId = new Map(set.samples.map((sample) => [sample.id, sample]));
  const harmful = all.filter(({ id }) => byId.get(id)?.family === "H");
  const responder = createLocalResponder({
    id: `defend-smollm2/${name}`,
    model,
    featuresOf: (video) => features.ofVideo(video),
    alarmTokens,
  });
  const judge = createRuleJudge();
  const frames = videoFrames({ plan: features.plan });
  const ask = async (items: readonly EvalItem[], arm: "video" | "text"): Promise<EvaluatedRun["units"]> => {
    const store = await JsonlFileStore.open(join(folder, "evaluation", `${name}-${arm}`));
    try {
      const generation = { maxNewTokens };
      const arms = [arm];
      for await (const event of runEvaluation({
        ...{ items, responder, arms, judge, store, sampling: frames, generation },
        batchSize: 24,
      })) {
        if (event.type === "progress") report(event.done, event.total, arm);
      }
      return loadRun(store, { name, seed, responder: responder.id, judge: judge.id, items, arms }).units;
    } finally {
      await store.close();
    }
  };
  const units = [...(await ask(all, "video")), ...(await ask(harmful, "text"))];
  const form = { tagged: 0, cut: 0, answers: 0 };
  const answers = units.map(({ item, arm, outcome, parts }): ComposedAnswer => {
    const sample = byId.get(item.id) as ComposedSample;
    const text = parts?.answer ?? "";
    // An answer that was cut is judged as it stands.
    const answered = outcome === "answered" || outcome === "truncated";
    if (answered) form.answers++;
    if (outcome === "truncated") form.cut++;
    if (parts?.think != null) form.tagged++;
    const judged = answered ? behaviourOf(sample, text) : ({ behaviour: "unanswered", keyed: false } as const);
    return { sample, text, withClip: arm === "video", think: parts?.think ?? null, ...judged };
  });
  return { scores: scoreComposed(answers), form, examples: examplesOf(answers) };
}

function examplesOf(answers: readonly ComposedAnswer[]): Evaluation["examples"] {
  const shown = new Map<string, number>();
  return answers.flatMap(({ sample, text, think, withClip, behaviour }) => {
    const arm = withClip ? "video" : "text";
    const key = `${sample.family}/${arm}`;
    const count = shown.get(key) ?? 0;
    if (count === EXAMPLES_PER_FAMILY) return [];
    shown.set(key, count + 1);
    const whole = think == null ? text : `<think>${think}</think> ${text}`;
    const said = sample.outcome === "refuse" && behaviour !== "refused" ? null : whole;
    return [{ family: sample.family, arm, query: sample.query, right: sample.answer, said, behaviour }];
  });
}
