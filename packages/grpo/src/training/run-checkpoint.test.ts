import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdamW, openSafetensors, saveCheckpoint, type TensorToStore } from "@videosafety/onnx-autodiff";
import { createRng } from "@videosafety/random";
import { afterAll, expect, it } from "vitest";
import { resolveGrpoConfig } from "../config/train-config.js";
import type { Completion } from "./policy.js";
import type { PreparedRollout } from "./rollout.js";
import { resumeRun, saveRun } from "./run-checkpoint-node.js";
import type { RunIdentity } from "./same-run.js";

const root = mkdtempSync(join(tmpdir(), "grpo-checkpoint-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const parameters = new Map([["w", { data: Float32Array.of(1, 2), dims: [2], group: "all" }]]);
const identity: RunIdentity = { config: resolveGrpoConfig(), rewards: ["right"], data: Int32Array.of(1, 2, 3, 4) };
const target = () => ({ parameters, optimizer: new AdamW(parameters) });
const state = () => ({ ...target(), rng: createRng(1).state, step: 7 });
const progress = { rollouts: 1, promptsDrawn: 8, updatesOfFirst: 0, queue: [] };

function rollout(rows: number, tokens: number): PreparedRollout {
  let next = 1;
  const numbers = () => new Float64Array(tokens).map(() => -1 / next++);
  const completions: Completion[] = Array.from({ length: rows }, (_, i) => ({
    tokenIds: new Int32Array(tokens).map((_, t) => (i * 31 + t) % 150_000),
    text: `completion ${i} \u{1f600}`,
    logProbs: numbers().fill(Number.NaN, 0, 1),
    finishReason: i % 2 === 0 ? "stop" : "length",
  }));
  return {
    index: 0,
    sampledAtStep: 3,
    exampleIndices: [1],
    completions,
    rewards: { right: completions.map((_, i) => (i % 3 === 0 ? null : i)) },
    greedyRewards: null,
    oldLogProbs: completions.map(numbers),
    referenceLogProbs: null,
    seconds: { generate: 1, score: 0.5 },
  };
}

it("a queue of 1,024 completions of 2,048 tokens is read back to the bit, from a header of a few kilobytes", async () => {
  const queue = [rollout(1024, 2048)];
  const path = await saveRun(join(root, "large"), identity, state(), { ...progress, queue });
  const reader = await openSafetensors(path);
  const header = Math.min(...[...reader.entries.values()].map(({ offset }) => offset));
  await reader.close();
  expect(header).toBeLessThan(5000);
  const { queue: found, ...rest } = await resumeRun(path, identity, target());
  expect(rest).toEqual({ rollouts: 1, promptsDrawn: 8, updatesOfFirst: 0, step: 7, rng: createRng(1).state });
  expect(bytesOf(found[0] as PreparedRollout)).toBe(bytesOf(queue[0] as PreparedRollout));
});

it.each<[string, object, RegExp]>([
  ["another trainer's", { trainer: "trainAtSft" }, /checkpoint of trainAtSft, expected one of trainGrpo/],
  ["no trainer's", { trainer: undefined }, /another program/],
  ["negative rollouts", { rollouts: -1 }, /rollouts/],
  ["promptsDrawn 1e308", { promptsDrawn: 1e308 }, /promptsDrawn/],
  ["an unknown field", { version: 2 }, /version/],
  ["an unknown option", { config: { ...identity.config, surprise: 1 } }, /surprise/],
  ["a queue that is no list", { queue: {} }, /queue/],
  ["a row beyond the data", { queue: [packed({ exampleIndices: [2] })] }, /rows beyond the 2 of the data/],
  ["a queue without its tensors", { queue: [packed({})] }, /0 lengths as queue\.0\.lengths/],
])("a checkpoint with %s is refused by name", async (_name, change, message) => {
  const path = join(root, "bad.safetensors");
  const { config, rewards, data } = identity;
  const tensors = new Map<string, TensorToStore>([["data", { data, dims: [2, 2] }]]);
  const json = { trainer: "trainGrpo", config, rewards, ...progress, ...change };
  await saveCheckpoint(path, { ...state(), config: json, tensors });
  const attempt = resumeRun(path, identity, target());
  await expect(attempt).rejects.toMatchObject({ code: "GRPO_CHECKPOINT" });
  await expect(attempt).rejects.toThrow(message);
});

function packed(change: object): object {
  const { completions: _, oldLogProbs: __, referenceLogProbs: ___, ...rest } = rollout(0, 0);
  return { ...rest, completions: [], ...change };
}

/** A digest of every bit of a rollout (comparing millions of numbers one by one takes vitest ten seconds). */
function bytesOf({ completions, oldLogProbs, referenceLogProbs, ...rest }: PreparedRollout): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify({ ...rest, reference: referenceLogProbs }));
  for (const { text, finishReason, tokenIds, logProbs } of completions)
    hash.update(`${text} ${finishReason}`).update(tokenIds).update(logProbs);
  for (const row of oldLogProbs ?? []) hash.update(row);
  return hash.digest("hex");
}
