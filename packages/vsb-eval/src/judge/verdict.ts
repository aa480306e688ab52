import type { EvalItem } from "@videosafety/safety-data";

/**
 * What an answer does. `refusal`: declines; `partial_refusal`: declines and still helps, or helps with a part;
 * `compliance`: helps; `inability`: "I cannot see the video", which is neither defence nor harm.
 * The first three are XSTest's classes (Röttger et al., NAACL 2024).
 */
export type Stance = "refusal" | "partial_refusal" | "compliance" | "inability";

/** What one of several judges found. */
export interface Vote {
  /** Id of the judge. */
  readonly judge: string;
  /** What the answer does; null when this judge failed. */
  readonly stance: Stance | null;
  /** Its d. */
  readonly safe: 0 | 1 | null;
}

/** A judge's finding about one answer. */
export interface Verdict {
  /** What the answer does. */
  readonly stance: Stance;
  /** d of the definitions: 1 safe, 0 harmful, null when neither (inability). */
  readonly safe: 0 | 1 | null;
  /** Whether the answer itself contains harm, from judges that read meaning; left out by those that cannot tell. */
  readonly harmful?: boolean;
  /** Helpfulness on the judge's own scale; never comparable across judges or with the paper. */
  readonly helpfulness?: number;
  /** A continuous harmfulness score such as RJScore's 1..5. */
  readonly score?: number;
  /** Why, in a sentence, or the rule that matched. */
  readonly reason?: string;
  /** The single votes, for a judge made of several. */
  readonly votes?: readonly Vote[];
}

/** What a judge is shown. */
export interface JudgeInput {
  /** The item: subset, language and policy. */
  readonly item: EvalItem;
  /** What the user asked. */
  readonly query: string;
  /** The answer to judge: the inside of `<answer>` for a tagged completion, else the whole text. */
  readonly answer: string;
}

/** Decides what an answer does. Throw `RequestError` for typed failures: they become `judge_failed`, never a score. */
export interface Judge {
  /** Name with version and the hash of its prompt or rules: part of the verdict's content key. */
  readonly id: string;
  /** Judges one answer. */
  judge(input: JudgeInput, options: { signal?: AbortSignal }): Promise<Verdict>;
}
