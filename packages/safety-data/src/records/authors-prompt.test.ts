import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { authorsPrompt } from "./authors-prompt.js";
import { type GrpoRecord, grpoRecordSchema, grpoSampleFromRecord, PROBLEM_TYPES } from "./grpo-record.js";

const cases = JSON.parse(
  readFileSync(new URL("../../test/golden/authors-prompts.json", import.meta.url), "utf8"),
) as readonly { record: GrpoRecord; prompt: string }[];

test("every kind of question has a case", () => {
  expect(cases.map(({ record }) => record.problem_type).sort()).toEqual([...PROBLEM_TYPES].sort());
});

test.each(cases)("asks what the authors' own function asks: $record.problem_type", ({ record, prompt }) => {
  expect(authorsPrompt(grpoSampleFromRecord(grpoRecordSchema.parse(record)))).toBe(prompt);
});

test("a question with dollar signs stays as it is", () => {
  expect(authorsPrompt({ question: "$& $1?", problemType: "free-form" })).toMatch(/^\$& \$1\?\n/);
});
