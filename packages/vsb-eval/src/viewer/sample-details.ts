import type { EvalItem } from "@videosafety/safety-data";
import { RUBRIC_SYSTEM, rubricPrompt } from "../judge/judge-prompt.js";
import type { Verdict } from "../judge/verdict.js";
import type { EvaluatedRun } from "../results/evaluated-run.js";
import { runNames } from "../results/run-names.js";
import type { ResponseRecord } from "../run/records/outcome.js";
import type { EvaluationStore } from "../store/evaluation-store.js";

/** A run with the store that holds its answers. */
export interface ViewedRun {
  /** Its units. */
  readonly evaluated: EvaluatedRun;
  /** Its answers and verdicts. */
  readonly store: EvaluationStore;
}

/** One answer of one run to an item, with all that is known about it. */
export interface SampleAnswer {
  /** Name of the run. */
  readonly run: string;
  /** Name of the arm. */
  readonly arm: string;
  /** Repetition, from 0. */
  readonly epoch: number;
  /** How the request ended; null when the run has not reached it. */
  readonly outcome: ResponseRecord["outcome"] | "judge_failed" | null;
  /** What the model wrote, tags included; null when nothing came. */
  readonly text: string | null;
  /** Reasoning that the server gave apart from the text. */
  readonly reasoning: string | null;
  /** Why there is no answer. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Frames shown. */
  readonly frames: number;
  /** Tokens; null where the server gave none. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number } | null;
  /** How often the server was asked. */
  readonly attempts: number;
  /** Id of the judge; null when nothing was judged. */
  readonly judge: string | null;
  /** What the judge found; null without a verdict. */
  readonly verdict: Verdict | null;
  /** Why the judge failed. */
  readonly judgeError: { readonly code: string; readonly message: string } | null;
  /** What a judge model was asked, its code word left out; null for rules and without an answer. */
  readonly judgePrompt: string | null;
}

/** All that is known about an item. */
export interface SampleDetails {
  /** The item itself. */
  readonly item: EvalItem;
  /** System prompt and generation settings by run, as text. */
  readonly settings: Readonly<Record<string, string>>;
  /** Every answer: runs, then arms, then epochs. */
  readonly answers: readonly SampleAnswer[];
}

/** What a judge model was asked about an answer; rules are asked nothing. */
function judgePromptOf(judge: string | null, item: EvalItem, answer: string | null): string | null {
  if (judge === null || answer === null || answer === "" || !/(^|[+(,;])llm:/.test(judge)) return null;
  return `${RUBRIC_SYSTEM}\n\n${rubricPrompt({ item, query: item.query, answer }, "(drawn per answer)")}`;
}

/** Details by item, in the order of `items`: a function that computes those of one item when asked. */
export function sampleDetails(
  items: readonly EvalItem[],
  runs: readonly ViewedRun[],
): (item: number) => SampleDetails | undefined {
  const names = runNames(runs.map(({ evaluated }) => evaluated));
  const units = runs.map(({ evaluated }) => {
    const byItem = new Map<string, EvaluatedRun["units"][number][]>();
    for (const unit of evaluated.units) {
      const list = byItem.get(unit.item.id);
      if (list === undefined) byItem.set(unit.item.id, [unit]);
      else list.push(unit);
    }
    return byItem;
  });
  const settings = Object.fromEntries(
    runs.map(({ evaluated }, r) => [names[r] as string, JSON.stringify(evaluated.generation ?? null, null, 1)]),
  );
  return (number) => {
    const item = items[number];
    if (item === undefined) return undefined;
    const answers = runs.flatMap(({ evaluated, store }, r) =>
      (units[r]?.get(item.id) ?? []).map((unit): SampleAnswer => {
        const { arm, epoch, parts } = unit;
        const record = store.unit(evaluated.run, { item: item.id, arm, epoch });
        const response = record === undefined ? undefined : store.response(record.response);
        const judged =
          evaluated.judge === null || record === undefined
            ? undefined
            : store.verdict(evaluated.judge, record.response);
        const hasText = response !== undefined && response.text !== "";
        return {
          run: names[r] as string,
          arm,
          epoch,
          outcome: unit.outcome,
          text: hasText ? response.text : null,
          reasoning: response?.reasoning ?? null,
          error: response?.error ?? null,
          frames: unit.frames,
          usage: unit.usage,
          attempts: response?.attempts ?? 1,
          judge: evaluated.judge,
          verdict: judged?.verdict ?? null,
          judgeError: judged?.error ?? null,
          judgePrompt: judgePromptOf(evaluated.judge, item, parts?.answer ?? null),
        };
      }),
    );
    return { item, settings, answers };
  };
}
