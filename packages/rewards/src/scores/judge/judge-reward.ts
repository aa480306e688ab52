import { scored } from "../score.js";
import { type JudgeEndpoint, type JudgeReward, judgeBy } from "./judge-question.js";

/** How answers are graded by a language model. */
export interface JudgeOptions extends JudgeEndpoint {
  /** What a good answer is, in a few sentences; the scale is added. */
  readonly rubric: string;
}

const SCALE = 10;

/**
 * Asks a language model to grade the answer against the reference from 0 to 10: a score in [0, 1]. See `judgeBy` for what happens when
 * the judge fails.
 *
 * @throws {EndpointError} `config` for an address, key or bound that cannot be used
 */
export function judgeReward(options: JudgeOptions): JudgeReward {
  return judgeBy(options, {
    instruction: `${options.rubric}\nReply with {"score": n} and nothing else, n a whole number from 0 (worst) to ${SCALE} (best).`,
    form: `{"score": 0..${SCALE}}`,
    read: readGrade,
    worth: (grade) => scored(grade),
  });
}

function readGrade(text: string): number | null {
  const match = /^\s*(?:```(?:json)?\s*)?\{\s*"score"\s*:\s*(\d{1,2})\s*\}\s*(?:```\s*)?$/.exec(text);
  const grade = match ? Number(match[1]) : Number.NaN;
  return grade <= SCALE ? grade / SCALE : null;
}
