import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkRunFile, loadRunFile, type RunFlags } from "./load-run-file-node.js";
import { resolveStages } from "./resolve-stages.js";
import { runFileJsonSchema } from "./run-schema.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "run-file-"));
  await mkdir(join(folder, "owner/base"), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

const minimal = { out: "run", model: { source: "m/x" }, data: { a: { file: "a.jsonl" } }, stages: [{ stage: 1 }] };

async function written(text: string, flags: RunFlags = {}) {
  const path = join(folder, "run.yaml");
  await writeFile(path, text);
  return loadRunFile(path, flags);
}

const TEXT = `
out: runs/one
model: { source: owner/base }
data:
  mine: { file: records.jsonl }
stages:
  - stage: 1
  - { stage: 4, maxSteps: 3 }
`;

describe("a run file", () => {
  test("its paths start from its folder, an id stays one, flags go over it", async () => {
    const run = await written(TEXT, { set: ["stages.0.learningRate=1e-4", "stages.stage-4.beta=0"], seed: 7 });
    expect([run.out, run.model.source, run.data.mine?.file, run.data.mine?.mediaRoot]).toEqual([
      join(folder, "runs/one"),
      join(folder, "owner/base"),
      join(folder, "records.jsonl"),
      folder,
    ]);
    expect((await written(TEXT.replace("owner/base", "owner/hub-model"))).model.source).toBe("owner/hub-model");
    const [first, fourth] = resolveStages(run);
    expect(first?.config).toMatchObject({ seed: 7, learningRates: { llm: 1e-4, alarmTokens: 1e-5 }, batchSize: 128 });
    expect(fourth?.config).toMatchObject({ maxSteps: 3, beta: 0, numGenerations: 6, topP: 0.95, saveSteps: 50 });
    expect((await written(TEXT, { stages: [4] })).stages.length).toBe(1);
    await expect(written(TEXT, { stages: [2] })).rejects.toMatchObject({ code: "usage" });
  });

  test("the preset of the authors is theirs to the number; the file's stages say which run", async () => {
    const own = { out: "r", preset: "vsr1", data: { "vst-sft": { file: "a" } } };
    const stages = resolveStages(checkRunFile(own, "x"));
    expect(stages.map(({ name }) => name)).toEqual(["stage-1", "stage-2", "stage-3", "stage-4"]);
    expect(stages[1]).toMatchObject({
      sources: ["vst-sft", "vcg-plus", "llava-sft"],
      config: {
        ...{ batchSize: 128, numTrainEpochs: 1, lrSchedulerType: "cosine", warmupRatio: 0.03, weightDecay: 0 },
        ...{ lambdaVisual: 0.1, lambdaTextual: 0.1, maxGradNorm: null },
        learningRates: { llm: 1e-6, alarmTokens: 1e-5, classifiers: 1e-5 },
      },
    });
    expect(stages[3]?.config).toMatchObject({
      numGenerations: 6,
      beta: 0.04,
      maxGradNorm: 5,
      maxCompletionLength: 768,
    });
    const one = resolveStages(checkRunFile({ ...own, stages: [{ stage: 2, lambdaVisual: 1 }] }, "x"));
    expect(one).toMatchObject([{ stage: 2, config: { lambdaVisual: 1, lambdaTextual: 0.1 } }]);
  });

  test.each(["lora-cpu", "demo"] as const)("%s trains in each stage the groups that the authors train", (preset) => {
    const own = { ...minimal, preset, stages: [1, 2, 3, 4].map((stage) => ({ stage })) };
    const groups = resolveStages(checkRunFile(own, "x")).map(({ config }) =>
      "learningRate" in config ? [] : Object.keys(config.learningRates).slice(1),
    );
    expect(groups).toEqual([["alarmTokens"], ["alarmTokens", "classifiers"], [], []]);
  });

  test("adapters take the rate of the weights, and a frozen base without them is refused", () => {
    const lora = { rank: 4, alpha: 8 };
    const run = checkRunFile({ ...minimal, model: { source: "m/x", precision: "int4", lora } }, "x");
    expect(resolveStages(run)[0]?.config).toMatchObject({ learningRates: { lora: 1e-6, alarmTokens: 1e-5 } });
    const bare = checkRunFile({ ...minimal, model: { source: "m/x", precision: "int4" } }, "x");
    expect(() => resolveStages(bare)).toThrow(/set model\.lora/);
    const plain = checkRunFile(
      { ...minimal, model: { source: "m/x", alarmTokens: false }, stages: [{ stage: 2 }] },
      "x",
    );
    expect(resolveStages(plain)[0]?.config).toMatchObject({ learningRates: { llm: 1e-6 }, lambdaVisual: 0 });
  });
});

describe("bad run files are refused by name, with the key that was meant", () => {
  const cases: [string, object, RegExp][] = [
    ["a key", { ...minimal, sees: 1 }, /the file: unknown key "sees"; did you mean seed\?/],
    ["a key of the model", { ...minimal, model: { source: "m/x", percision: "int4" } }, /model: .*mean precision\?/],
    ["a key of a source", { ...minimal, data: { a: { file: "a", medaRoot: "." } } }, /data\.a: .*mean mediaRoot\?/],
    ["a trainer's key", { ...minimal, stages: [{ stage: 2, lamdaVisual: 1 }] }, /stages\.0: .*mean lambdaVisual\?/],
    [
      "a key of the other trainer",
      { ...minimal, stages: [{ stage: 4, lambdaVisual: 1 }] },
      /unknown key "lambdaVisual"/,
    ],
    ["TRL's spelling", { ...minimal, stages: [{ stage: 4, num_generations: 4 }] }, /mean numGenerations\?/],
    ["a number that is none", { ...minimal, stages: [{ stage: 1, batchSize: "many" }] }, /stages\.0\.batchSize/],
    ["no stage 5", { ...minimal, stages: [{ stage: 5 }] }, /stages\.0\.stage/],
    ["no stages", { ...minimal, stages: [] }, /stages/],
    ["an unknown preset", { ...minimal, preset: "vsr2" }, /preset/],
    ["an unknown judge", { ...minimal, evaluation: { items: "i", judges: [{ kind: "rule" }] } }, /evaluation\.judges/],
  ];
  test.each(cases)("%s", (_, own, message) => {
    expect(() => checkRunFile(own as Record<string, unknown>, "run.yaml")).toThrow(message);
  });

  test("stages that descend or share a name", () => {
    const order = (stages: object[]) => () => resolveStages(checkRunFile({ ...minimal, stages }, "x"));
    expect(order([{ stage: 3 }, { stage: 1 }])).toThrow(/ascending/);
    expect(order([{ stage: 1 }, { stage: 1 }])).toThrow(/stage-1 twice/);
    expect(
      order([
        { stage: 1, name: "a" },
        { stage: 1, name: "b" },
      ]),
    ).not.toThrow();
  });

  test.each(["seed", "=1", "a..b=1", "stages.9.beta=1", "seed=[1", "__proto__.x=1"])("--set %s", async (text) => {
    await expect(written(TEXT, { set: [text] })).rejects.toMatchObject({ code: "usage" });
  });

  test("YAML errors name the line", async () => {
    await expect(written("out: run\nmodel: {source: [\n")).rejects.toThrow(/line 3/);
    await expect(loadRunFile(join(folder, "none.yaml"))).rejects.toThrow(/none\.yaml/);
  });
});

test("schema/run.json is the schema that the command prints", async () => {
  const path = fileURLToPath(new URL("../../schema/run.json", import.meta.url));
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual(JSON.parse(JSON.stringify(runFileJsonSchema())));
});
