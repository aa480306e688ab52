// The child process of the kill -9 tests: trains until killed, going on from whatever the directory holds, prints a line per checkpoint, and writes what
// came out to result.json. `slow` pauses between steps; `megabytes` of dead weight make a checkpoint take long to write.
import { writeFileSync } from "node:fs";
import { latestCheckpoint, type RewardBatch, trainGrpo } from "../src/train.js";
import { TabularPolicy, targetScore } from "./tabular-policy.js";

const [directory = "", pace, megabytes = "0"] = process.argv.slice(2);
const policy = new TabularPolicy(3, 5);
const padding = {
  data: new Float32Array(Number(megabytes) * 2 ** 18),
  dims: [Number(megabytes) * 2 ** 18],
  group: "dead",
};
const parameters = new Map([
  ...policy.trainableParameters(),
  ...(padding.data.length > 0 ? [["padding", padding] as const] : []),
]);
policy.trainableParameters = () => parameters;
const losses: number[] = [];
let from: number | null = null;
for await (const event of trainGrpo({
  policy,
  data: [{ prompt: 0 }, { prompt: 1 }, { prompt: 2 }],
  rewards: {
    target: async (batch: RewardBatch<{ prompt: number }>) => {
      if (pace === "slow") await new Promise((resolve) => setTimeout(resolve, 20));
      return batch.completions.map((c, i) => targetScore(batch.examples[i]?.prompt ?? 0, c));
    },
  },
  config: {
    maxSteps: 24,
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
  resumeFrom: await latestCheckpoint(directory),
})) {
  if (event.type === "update") {
    from ??= event.step - 1;
    losses.push(event.loss);
  }
  if (event.type === "checkpoint") process.stdout.write(`${event.path}\n`);
}
writeFileSync(`${directory}/result.json`, JSON.stringify({ from, losses, logits: [...policy.logits] }));
