import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { TabularPolicy } from "../../test/tabular-policy.js";
import { latestCheckpoint, trainGrpo } from "../train.js";

const root = mkdtempSync(join(tmpdir(), "grpo-kill-"));
const repository = fileURLToPath(new URL("../../../../", import.meta.url));
const script = fileURLToPath(new URL("../../test/kill-run.ts", import.meta.url));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs the child; kills it with SIGKILL once it has reported `killAfter` checkpoints. */
function run(directory: string, killAfter?: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", script, directory, killAfter ? "slow" : "fast", "2"], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: repository, // its tsconfig resolves sibling packages to their sources
    });
    let seen = 0;
    child.stdout.on("data", (text: Buffer) => {
      seen += text.toString().split("\n").length - 1;
      if (killAfter !== undefined && seen >= killAfter) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code));
  });
}

it("a run killed with SIGKILL and resumed, twice, ends with the bits of the uninterrupted one", async () => {
  const [whole, broken] = [join(root, "whole"), join(root, "broken")];
  expect(await run(whole)).toBe(0);
  expect(await run(broken, 5)).toBeNull();
  expect(await run(broken, 4)).toBeNull();
  expect(await run(broken)).toBe(0);
  const read = (directory: string) => JSON.parse(readFileSync(join(directory, "result.json"), "utf8"));
  const [expected, found] = [read(whole), read(broken)];
  expect(found.from).toBeGreaterThanOrEqual(9);
  expect(found.logits).toEqual(expected.logits);
  expect(found.losses).toEqual(expected.losses.slice(found.from));
  expect(readdirSync(broken).sort()).toEqual(["result.json", "step-00000023.safetensors", "step-00000024.safetensors"]);
}, 120_000);

it("says what is wrong with a damaged checkpoint, and finds none in an empty directory", async () => {
  expect(await latestCheckpoint(join(root, "nothing"))).toBeUndefined();
  writeFileSync(join(root, "step-00000001.safetensors"), "not a checkpoint");
  const resumeFrom = await latestCheckpoint(root);
  const run = trainGrpo({
    policy: new TabularPolicy(1, 2),
    data: [{ prompt: 0 }],
    rewards: { zero: ({ completions }) => completions.map(() => 0) },
    resumeFrom,
  });
  await expect(run.next()).rejects.toMatchObject({ code: "GRPO_CHECKPOINT" });
});
