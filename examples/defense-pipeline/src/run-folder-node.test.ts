import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DEMO_CONFIG, QUICK_CONFIG } from "./pipeline-config.js";
import { describeFailure, PipelineError, UsageError } from "./pipeline-error.js";
import { RunFolder } from "./run-folder-node.js";

const fresh = (): string => join(mkdtempSync(join(tmpdir(), "run-folder-")), "run");

test("a run is new, or continued with --resume and the same settings", () => {
  const path = fresh();
  RunFolder.open(path, DEMO_CONFIG, false).complete("world", { value: null, summary: "made" });
  expect(() => RunFolder.open(path, DEMO_CONFIG, false)).toThrow(UsageError);
  expect(() => RunFolder.open(path, DEMO_CONFIG, false)).toThrow(/--resume/);
  expect(() => RunFolder.open(path, QUICK_CONFIG, true)).toThrow(UsageError);
  const resumed = RunFolder.open(path, DEMO_CONFIG, true);
  expect(resumed.completed("world")).toEqual({ value: null, summary: "made" });
  expect(resumed.completed("stage-1")).toBeUndefined();
});

test("the state is replaced whole: no temporary file stays, and what a killed write left is overwritten", () => {
  const path = fresh();
  const folder = RunFolder.open(path, DEMO_CONFIG, false);
  writeFileSync(join(path, "run.json.new"), '{"config":');
  folder.complete("world", 1);
  expect(readdirSync(path)).toEqual(["run.json"]);
  expect(JSON.parse(readFileSync(join(path, "run.json"), "utf8"))).toMatchObject({ completed: { world: 1 } });
});

test("a damaged state says what to do", () => {
  const path = fresh();
  RunFolder.open(path, DEMO_CONFIG, false);
  writeFileSync(join(path, "run.json"), "{");
  expect(() => RunFolder.open(path, DEMO_CONFIG, true)).toThrow(PipelineError);
  expect(() => RunFolder.open(path, DEMO_CONFIG, true)).toThrow(/--out/);
});

test("failures become one line with a next step", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  expect(describeFailure(full)).toMatch(/free some, then continue with --resume/);
  expect(describeFailure(new Error("first line\nsecond line"))).toBe("first line");
});
