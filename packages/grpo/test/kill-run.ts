// The child process of the kill -9 test: trains until killed, resuming from whatever the directory holds.
import { writeFileSync } from "node:fs";
import { latestCheckpoint, type RewardBatch, trainGrpo } from "../src/train.js";
import { TabularPolicy, targetScore } from "./tabular-policy.js";

const [directory, maxSteps, slow] = process.argv.slice(2) as [string, string, string];
const policy = new TabularPolicy(3, 5);
const resumeFrom = await latestCheckpoint(directory);
const losses: number[] = [];
let from: number | null = null;
for await (const event of trainGrpo({
  policy,
  data: [{ prompt: 0 }, { prompt: 1 }, { prompt: 2 }],
  rewards: {
    target: async (batch: RewardBatch<{ prompt: number }>) => {
      if (slow === "slow") await new Promise((resolve) => setTimeout(resolve, 20));
      return batch.completions.map((c, i) => targetScore(batch.examples[i]?.prompt ?? 0, c));
    },
  },
  config: {
    maxSteps: Number(maxSteps),
    promptsPerRollout: 3,
    numGenerations: 8,
    maxCompletionLength: 3,
    numIterations: 2,
    rolloutLag: 1,
    beta: 0.04,
    learningRate: 0.05,
    saveSteps: 1,
  },
  checkpointDirectory: directory,
  resumeFrom,
})) {
  if (event.type === "update") {
    from ??= event.step - 1;
    losses.push(event.loss);
  }
  if (event.type === "checkpoint") process.stdout.write(`${event.step}\n`);
}
writeFileSync(`${directory}/result.json`, JSON.stringify({ from, losses, logits: [...policy.logits] }));
