import { authorsPrompt } from "@videosafety/safety-data";
import { expect, test } from "vitest";
import type { ResolvedStage } from "../run-file/resolve-stages.js";
import type { RunFile } from "../run-file/run-schema.js";
import { questionPromptOf } from "./stage-model-node.js";

test("a stage's model is asked as it was trained, or as the run's evaluation asks it", () => {
  const run = (prompts?: Record<string, string>) => ({ evaluation: prompts && { prompts } }) as unknown as RunFile;
  const stage = (more: object) => ({ stage: 4, name: "stage-4", prompt: "authors", ...more }) as ResolvedStage;
  const words = questionPromptOf(run(), stage({}));
  expect(words?.replace("{query}", "Why?")).toBe(
    authorsPrompt({ question: "Why?", problemType: "free-form-and-choice" }),
  );
  expect(questionPromptOf(run({ "stage-4": "{query}" }), stage({}))).toBe("{query}");
  expect(questionPromptOf(run({ "stage-3": "{query} /think" }), stage({}))).toBe(words);
  expect(questionPromptOf(run(), stage({ prompt: "plain" }))).toBeUndefined();
  expect(questionPromptOf(run(), stage({ stage: 3, name: "stage-3" }))).toBeUndefined();
});
