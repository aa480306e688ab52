#!/usr/bin/env node
// Always-on refusal training, for comparison: the records, steps and rates of stages 1 and 2 of a run, without alarm tokens.
//
//   node dist/train-plain.js --run demo-runs/seed-1
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { STAGE_1_ALARM_AR } from "@videosafety/alarm-tokens/train";
import { loadVideoLlm } from "@videosafety/video-llm";
import { trainAtSftStage } from "./at-sft-stage-node.js";
import { ClipFeatures } from "./clip-features-node.js";
import { pipelineConfigSchema } from "./pipeline-config.js";
import { describeFailure } from "./pipeline-error.js";
import { RunFolder } from "./run-folder-node.js";
import { SHIPPED_BASE } from "./run-pipeline-node.js";
import { buildWorldData } from "./world-data-node.js";

async function train(): Promise<void> {
  const { values } = parseArgs({
    options: { run: { type: "string" }, base: { type: "string", default: SHIPPED_BASE } },
  });
  if (values.run === undefined) throw new Error("expected --run, the folder of a run of the demo");
  const record = JSON.parse(await readFile(join(values.run, "run.json"), "utf8"));
  const config = pipelineConfigSchema.parse(record.config);
  const folder = RunFolder.open(values.run, record.config, true);
  const model = await loadVideoLlm(values.base, { memoryPattern: false });
  const features = new ClipFeatures(model, config.sampling);
  const set = buildWorldData(config).finetuning;
  for (const [i, { epochs, batchSize, learningRate }] of [config.stage1, config.stage2].entries()) {
    const name = `plain-${i + 1}`;
    const { loss } = await trainAtSftStage({
      ...{ model, features, folder, name, set },
      alarmTokens: false,
      completionOf: ({ answer }) => answer,
      config: {
        ...STAGE_1_ALARM_AR,
        ...{ seed: config.seed, microBatchSamples: 8, epochs, batchSize },
        learningRates: { llm: learningRate },
      },
      report: () => {},
      signal: new AbortController().signal,
    });
    process.stderr.write(`${name}: loss ${loss.toFixed(3)}\n`);
  }
  await model.dispose();
  const out = folder.file("models", "plain-refusal");
  await model.save(out);
  process.stdout.write(`${out}\n`);
}

try {
  await train();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}
