import { type ProblemType, parseTaggedCompletion } from "@videosafety/safety-data";
import { cappedErrorRate } from "../../text/error-rate.js";
import { agreeToTwoDecimals, readNumber, type WrittenNumber } from "../../text/parse-number.js";
import { meanRouge } from "../../text/rouge/rouge.js";
import { hasTokens } from "../../text/tokenize.js";
import { unknownProblemType } from "../problem-types.js";
import type { RewardRow } from "../reward-row.js";
import { type Score, scored, unscorable } from "../score.js";
import type { AccuracyOptions } from "./accuracy-options.js";
import { tooLong } from "./reference-limit.js";
import { noTokens, safetyScore } from "./safety-score.js";

type StrictOptions = Omit<AccuracyOptions, "compat">;

/**
 * Grades one completion by the rule of its problem type, each row by its own:
 *
 * - `free-form-and-choice`: `safetyScore`
 * - `free-form`: mean ROUGE of the answers
 * - `multiple choice`: 1 if the answers are equal after trimming
 * - `numerical`: 1 if both, read by `parseNumber`, agree to two decimals (in percent when one of them is a percentage)
 * - `OCR`: 1 - word error rate, at least 0; the part `errorRate` says at most 1
 * - `regression`: 1 - |relative error|, at least 0; a reference of 0 wants exactly 0
 *
 * Any other type is unscorable, with the known ones in the reason. A completion without an answer, or with one that cannot be read, earns 0 and a reason; a malformed reference makes the
 * row unscorable. Linear or bit-parallel in the text's length.
 * Source: train_grpo_vidlm3.py at 7589dea, its faults fixed; `vsr1AccuracyRewards` has them.
 */
export function accuracyScore(row: RewardRow, options: Partial<StrictOptions> = {}): Score {
  if (row.problemType === "free-form-and-choice") return safetyScore(row.completion, row.solution, options);
  const grade = GRADERS.get(row.problemType);
  if (!grade) return unknownProblemType(row.problemType);
  const truth = parseTaggedCompletion(row.solution).answer;
  if (truth === null || truth === "")
    return unscorable(
      `expected an <answer> block with text in the reference, found ${truth === null ? "none" : "an empty one"}`,
    );
  return grade(truth, parseTaggedCompletion(row.completion).answer, options);
}

type Grader = (truth: string, answer: string | null, options: Partial<StrictOptions>) => Score;

const NO_ANSWER = scored(0, {}, "the completion has no <answer> block");

/** The rule of each problem type but the safety one. */
const GRADERS: ReadonlyMap<string, Grader> = new Map<Exclude<ProblemType, "free-form-and-choice">, Grader>([
  ["multiple choice", (truth, answer) => (answer === null ? NO_ANSWER : scored(answer === truth ? 1 : 0))],
  [
    "numerical",
    (truth, answer) => gradeNumber(truth, answer, (expected, found) => (agreeToTwoDecimals(expected, found) ? 1 : 0)),
  ],
  [
    "regression",
    (truth, answer) =>
      gradeNumber(truth, answer, (a, b) => {
        const [expected, found] = [a, b].map(({ value, percent }) => (percent ? value / 100 : value)) as [
          number,
          number,
        ];
        return expected === found ? 1 : expected === 0 ? 0 : 1 - Math.min(1, Math.abs((found - expected) / expected));
      }),
  ],
  [
    "OCR",
    (truth, answer, { ocrUnit = "word", maxReferenceCharacters }) => {
      const excess = tooLong(truth, maxReferenceCharacters);
      if (excess !== null) return unscorable(excess);
      const rate = cappedErrorRate(truth, answer ?? "", ocrUnit);
      if (rate === null) return unscorable("expected text in the reference's answer, found white space");
      return answer === null ? NO_ANSWER : scored(1 - rate, { errorRate: rate });
    },
  ],
  [
    "free-form",
    (truth, answer, options) => {
      const excess = tooLong(truth, options.maxReferenceCharacters);
      if (excess !== null) return unscorable(excess);
      if (!hasTokens(truth, options)) return unscorable(noTokens(options));
      return answer === null ? NO_ANSWER : scored(meanRouge(truth, answer, options));
    },
  ],
]);

function gradeNumber(
  truth: string,
  answer: string | null,
  grade: (expected: WrittenNumber, found: WrittenNumber) => number,
): Score {
  const expected = readNumber(truth);
  if (expected === null)
    return unscorable(`expected a number in the reference, found ${JSON.stringify(truth.slice(0, 40))}`);
  if (answer === null) return NO_ANSWER;
  const found = readNumber(answer);
  return found === null ? scored(0, {}, "the answer is not a number") : scored(grade(expected, found));
}
