import { isWellFormedCompletion, type ProblemType, pythonSplit, pythonStrip } from "@videosafety/safety-data";
import { editDistance } from "../../text/edit-distance.js";
import { pythonFloat, roundHalfEven2 } from "../../text/python-number.js";
import { meanRouge } from "../../text/rouge/rouge.js";
import { DEFAULT_DRA, type DraConfig } from "./dra.js";

/**
 * The authors' accuracy reward to the last digit, its faults included (train_grpo_vidlm3.py at 7589dea): the first
 * row's problem type grades the whole batch, missing tags equal each other, `nan` earns a full regression reward, a
 * Chinese answer that repeats the reference earns 0. Use it to reproduce their runs; `accuracyScore` has the faults fixed.
 *
 * Not reproduced: the prints, and what depends on the Python process (a failing standard output).
 *
 * @param rows completions with their tagged references
 * @param problemTypes of each row, of which only the first is read; an unknown one gives 0
 */
export function vsr1AccuracyRewards(
  rows: readonly { readonly completion: string; readonly solution: string }[],
  problemTypes: readonly string[],
  dra: DraConfig = DEFAULT_DRA,
): number[] {
  const type = problemTypes[0] as ProblemType | undefined;
  return rows.map(({ completion, solution }) => vsr1Accuracy(completion, solution, type, dra));
}

/** The authors' format reward: 1 if their pattern matches the whole completion, else 0. */
export function vsr1FormatReward(completion: string): number {
  return isWellFormedCompletion(completion) ? 1 : 0;
}

function vsr1Accuracy(completion: string, solution: string, type: string | undefined, dra: DraConfig): number {
  const answer = firstBlock(completion, "answer");
  const truth = firstBlock(solution, "answer");
  switch (type) {
    case "multiple choice":
      return answer === truth ? 1 : 0;
    case "numerical":
      return numerical(answer, truth);
    case "OCR": {
      const [reference, found] = [pythonSplit(truth), pythonSplit(answer)];
      const length = Math.max(1, reference.length);
      if (found.length >= reference.length + length) return 0; // as many insertions as the whole reference has words
      return clip(1 - editDistance(reference, found) / length);
    }
    case "free-form":
      return clip(meanRouge(truth, answer));
    case "free-form-and-choice": {
      const visual = firstBlock(completion, "vidType") === firstBlock(solution, "vidType") ? 1 : 0;
      const textual = firstBlock(completion, "textType") === firstBlock(solution, "textType") ? 1 : 0;
      const alpha = dra.alphaMin + (1 - visual * textual) * (dra.alphaMax - dra.alphaMin);
      return alpha * meanRouge(truth, answer) + dra.gammaVisual * visual + dra.gammaTextual * textual;
    }
    case "regression":
      return regression(answer, truth);
    default:
      return 0;
  }
}

/** The trimmed inside of the first opening tag that is closed later, anywhere in the text; "" when there is none. */
function firstBlock(text: string, tag: string): string {
  const open = text.indexOf(`<${tag}>`);
  if (open < 0) return "";
  const start = open + tag.length + 2;
  const end = text.indexOf(`</${tag}>`, start);
  return end < 0 ? "" : pythonStrip(text.slice(start, end));
}

function numerical(answer: string, truth: string): number {
  if (/[.,]/.test(answer) !== /[.,]/.test(truth)) return 0;
  const found = pythonFloat(answer.replaceAll(",", ""));
  const expected = pythonFloat(truth.replaceAll(",", ""));
  if (found === null || expected === null) return 0;
  return roundHalfEven2(found) === roundHalfEven2(expected) ? 1 : 0;
}

function regression(answer: string, truth: string): number {
  const found = pythonFloat(answer.replaceAll(",", ""));
  const expected = pythonFloat(truth.replaceAll(",", ""));
  if (found === null || expected === null) return 0;
  return 1 - clip((Math.abs(found - expected) + 1e-9) / (Math.abs(expected) + 1e-9));
}

/** Python's `max(0.0, min(1.0, x))` and `min(1.0, max(0.0, x))`: unlike Math.min, a NaN becomes a bound. */
function clip(value: number): number {
  return value > 0 ? Math.min(value, 1) : 0;
}
