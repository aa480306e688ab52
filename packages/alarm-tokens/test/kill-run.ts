// The child process of the kill -9 tests: trains until killed, going on from whatever the directory holds, prints a line per checkpoint, and writes what
// came out to result.json. `slow` pauses between steps; `megabytes` of dead weight make a checkpoint take long to write.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { TrainableTensor } from "../src/index.js";
import { latestCheckpoint, STAGE_2_AT_SFT, trainAtSft } from "../src/train.js";
import { describeToy, ToyModel, toySamples } from "./toy-model.js";

const [directory = "", pace, megabytes = "0"] = process.argv.slice(2);
const model = new ToyModel();
const size = Number(megabytes) * 2 ** 18;
const tensors = model.parameters as Map<string, TrainableTensor>;
if (size > 0) tensors.set("padding", { data: new Float32Array(size), dims: [size], group: "llm" });
const resumeFrom = await latestCheckpoint(directory);
const losses: number[] = [];
let from: number | null = null;
for await (const event of trainAtSft({
  model,
  data: { sources: { toy: toySamples(64, 1) }, describe: describeToy },
  config: {
    ...STAGE_2_AT_SFT,
    learningRates: { llm: 1e-2, alarmTokens: 2e-2, classifiers: 5e-2 },
    batchSize: 8,
    numTrainEpochs: 3,
    saveSteps: 1,
  },
  checkpointDirectory: directory,
  resumeFrom,
})) {
  if (event.type === "step") {
    from ??= event.step - 1;
    losses.push(event.loss);
  }
  if (event.type === "checkpoint") process.stdout.write(`${event.path}\n`);
  if (pace === "slow") await setTimeout(20);
}
tensors.delete("padding");
const parameters = [...tensors].map(([name, { data }]) => [name, [...data]]);
writeFileSync(join(directory, "result.json"), JSON.stringify({ from, losses, parameters }));
