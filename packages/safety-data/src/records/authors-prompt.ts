import type { GrpoSample, ProblemType } from "./grpo-record.js";

/**
 * What the authors write around a question of stage 4, word for word, as data: a model trained by their recipe expects these words.
 * Source: `QUESTION_TEMPLATE` and `TYPE_TEMPLATE` of train_grpo_vidlm3.py, Emiya-syw/VideoSafety-R1 at 7589dea, Apache License 2.0. They define a
 * system prompt too, and do not use it.
 */
export const AUTHORS_PROMPT_TEMPLATES: {
  /** `{Question}` stands for the question. */
  readonly question: string;
  /** Appended by kind of question. */
  readonly byProblemType: Readonly<Record<ProblemType, string>>;
} = {
  question:
    "{Question}\nPlease think about this question as if you were a human pondering deeply. Engage in an internal dialogue using expressions such as 'let me think', 'wait', 'Hmm', 'oh, I see', 'let's break it down', etc, or other natural language thought expressions It's encouraged to include self-reflection or verification in the reasoning process. Provide your detailed reasoning between the <think> </think> tags, and then give your final answer between the <answer> </answer> tags.",
  byProblemType: {
    "multiple choice":
      " Please provide only the single option letter (e.g., A, B, C, D, etc.) within the <answer> </answer> tags.",
    numerical: " Please provide the numerical value (e.g., 42 or 3.14) within the <answer> </answer> tags.",
    OCR: " Please transcribe text from the image/video clearly and provide your text answer within the <answer> </answer> tags.",
    "free-form": " Please provide your text answer within the <answer> </answer> tags.",
    "free-form-and-choice":
      " First provide the response within <answer> </answer>. Then classify the video and text using 1 for harmful and 0 for safe within <vidType> </vidType> and <textType> </textType>, respectively.",
    regression: " Please provide the numerical value (e.g., 42 or 3.14) within the <answer> </answer> tags.",
  },
};

/** The text that the authors ask in stage 4, beside the video or image. */
export function authorsPrompt({ question, problemType }: Pick<GrpoSample, "question" | "problemType">): string {
  const { question: template, byProblemType } = AUTHORS_PROMPT_TEMPLATES;
  return template.replace("{Question}", () => question) + byProblemType[problemType];
}
