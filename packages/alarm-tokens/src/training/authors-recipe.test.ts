import { readFileSync } from "node:fs";
import { createRng } from "@videosafety/random";
import { describe, expect, test } from "vitest";
import { describeToy, ToyModel, type ToySample, toySamples } from "../../test/toy-model.js";
import {
  ALARM_TENSOR_NAMES,
  ALARM_TOKENS,
  type AlarmStates,
  fromPeftPromptTuning,
  toPeftPromptTuning,
} from "../index.js";
import {
  type AtSftConfigInput,
  AUTHORS_MIXTURE,
  epochPlan,
  mixtureCounts,
  STAGE_1_ALARM_AR,
  STAGE_2_AT_SFT,
  STAGE_3_COT,
  type TrainingEvent,
  trainAtSft,
} from "../train.js";
import { parseAtSftConfig } from "./at-sft-config.js";

// Literals from the authors' code (Emiya-syw/VideoSafety-R1 at 7589dea), not from ours.
describe("the authors' names and settings", () => {
  test("tokens and tensors of their checkpoints", () => {
    expect(ALARM_TOKENS).toEqual(["<|visual_alarm|>", "<|textual_alarm|>"]);
    expect(Object.values(ALARM_TENSOR_NAMES)).toEqual([
      "visual_alarm_tokens",
      "textual_alarm_tokens",
      "visual_tokens_cls.weight",
      "visual_tokens_cls.bias",
      "textual_tokens_cls.weight",
      "textual_tokens_cls.bias",
    ]);
  });

  test.each([
    ["stage 1", STAGE_1_ALARM_AR, { llm: 1e-6, alarmTokens: 1e-5 }, 0],
    ["stage 2", STAGE_2_AT_SFT, { llm: 1e-6, alarmTokens: 1e-5, classifiers: 1e-5 }, 0.1],
    ["stage 3", STAGE_3_COT, { llm: 1e-6 }, 0],
  ] as const)("%s", (_, preset, learningRates, lambda) => {
    expect(parseAtSftConfig(preset)).toMatchObject({
      learningRates,
      ...{ lambdaVisual: lambda, lambdaTextual: lambda, batchSize: 128, numTrainEpochs: 1 },
      ...{ lrSchedulerType: "cosine", warmupRatio: 0.03, weightDecay: 0, maxGradNorm: null },
    });
  });

  test("an epoch of 6k + 2k + 2k: those counts, no sample twice, mixed, and other ones in the next epoch", () => {
    const lengths = new Map([
      ["vst-sft", 6000],
      ["vcg-plus", 100_000],
      ["llava-sft", 665_000],
      ["unused", 10],
    ]);
    const counts = mixtureCounts(lengths, AUTHORS_MIXTURE);
    const plan = (epoch: number) => epochPlan({ lengths, counts, epoch, seed: 3, createRng });
    const draws = plan(0);
    const of = (source: string) => draws.filter((draw) => draw.source === source);
    expect(["vst-sft", "vcg-plus", "llava-sft", "unused"].map((name) => of(name).length)).toEqual([
      6000, 2000, 2000, 0,
    ]);
    expect(new Set(draws.map(({ source, index }) => `${source} ${index}`)).size).toBe(10_000);
    // Mixed: every batch of 128 holds about 77 of the safety data (five standard deviations are 27).
    for (let start = 0; start + 128 <= draws.length; start += 128) {
      const safety = draws.slice(start, start + 128).filter(({ source }) => source === "vst-sft").length;
      expect(Math.abs(safety - 76.8)).toBeLessThan(28);
    }
    const seen = new Set(of("vcg-plus").map(({ index }) => index));
    const next = plan(1).filter(({ source }) => source === "vcg-plus");
    expect(next.filter(({ index }) => seen.has(index))).toEqual([]);
  });
});

/** A toy model whose textual head says, at the n-th evaluation, what the n-th script says. */
class ScriptedModel extends ToyModel {
  evaluations = 0;
  constructor(readonly script: readonly (readonly number[])[]) {
    super();
  }
  override async alarmStates(samples: readonly ToySample[]): Promise<AlarmStates> {
    const states = await super.alarmStates(samples);
    const now = this.script[Math.min(this.evaluations++, this.script.length - 1)] as readonly number[];
    return { ...states, textualLogits: Float32Array.from(now) };
  }
}

describe("trainAtSft under a mixture and with early stopping", { timeout: 60_000 }, () => {
  const config: AtSftConfigInput = { ...STAGE_2_AT_SFT, learningRates: { classifiers: 1e-3 }, batchSize: 5 };
  const run = async (model: ToyModel, options: Omit<Parameters<typeof trainAtSft<ToySample>>[0], "model">) => {
    const events: TrainingEvent[] = [];
    for await (const event of trainAtSft({ model, ...options })) events.push(event);
    return events;
  };

  test("the mixture decides what is trained on, lazily", async () => {
    const model = new ToyModel();
    const samples = toySamples(100, 1);
    const asked: Record<string, number[]> = { a: [], b: [], unused: [] };
    const source = (name: string, length: number) => ({
      length,
      get: (index: number) => {
        asked[name]?.push(index);
        return samples[index] as ToySample;
      },
    });
    const sources = { a: source("a", 6), b: source("b", 100), unused: source("unused", 9) };
    const mixture = { samplesPerEpoch: { a: 6, b: 4 } };
    await run(model, { data: { sources, describe: describeToy }, config: { ...config, mixture, numTrainEpochs: 3 } });
    expect(asked.unused).toEqual([]);
    expect([...(asked.a ?? [])].sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5].flatMap((i) => [i, i, i]));
    expect(new Set(asked.b).size).toBe(12); // 4 new ones in each of 3 epochs
    await model.dispose();
  });

  test("the false refusal rate at the asked DSR decides, not the loss or the AUC", async () => {
    // Four harmful and four safe samples; refusing all four harmful ones costs 2, 1, 1, 1 of the safe ones.
    const held = toySamples(200, 2);
    const pick = (label: 0 | 1) => held.filter(({ labels }) => labels.textual === label).slice(0, 4);
    const evaluation = [...pick(1), ...pick(0)];
    const script = [
      [3, 3, 3, 0, 2, 2, -1, -1], // 0.5
      [3, 3, 3, 0, 2, -1, -1, -1], // 0.25
      [9, 9, 9, 0, 1, -9, -9, -9], // 0.25, a far better loss
      [9, 9, 9, 0, 1, -9, -9, -9],
      [9, 9, 9, 9, -9, -9, -9, -9], // 0: too late
    ];
    const data = { sources: { toy: toySamples(100, 1) }, describe: describeToy, evaluation };
    const stop = (patience: number, minimumImprovement = 0): AtSftConfigInput => ({
      ...config,
      ...{ numTrainEpochs: 3, evalSteps: 2, evaluationDsr: 1, earlyStopping: { patience, minimumImprovement } },
    });
    const frrs = async (rule: AtSftConfigInput) => {
      const model = new ScriptedModel(script);
      const events = await run(model, { data, config: rule });
      await model.dispose();
      const evaluations = events.filter((event) => event.type === "evaluation");
      const done = events.at(-1);
      return {
        found: evaluations.map(({ metrics, improved }) => [metrics.frrAtDsr?.frr, improved]),
        steps: evaluations.map(({ step }) => step),
        best: done?.type === "done" ? done.best : null,
        reason: done?.type === "done" ? done.reason : null,
      };
    };
    expect(await frrs(stop(2))).toEqual({
      found: [
        [0.5, true],
        [0.25, true],
        [0.25, false],
        [0.25, false],
      ],
      steps: [2, 4, 6, 8],
      best: { step: 4, frr: 0.25 },
      reason: "early-stopping",
    });
    expect((await frrs(stop(3))).found.slice(4)[0]).toEqual([0, true]); // one more chance finds the last
    expect((await frrs(stop(1, 0.3))).steps).toEqual([2, 4]); // 0.25 less is not 0.3 less
  });
});

describe("PEFT prompt tuning as PEFT 0.21.0 saves it", () => {
  const golden = JSON.parse(
    readFileSync(new URL("../../test/golden/peft-prompt-tuning.json", import.meta.url), "utf8"),
  ) as {
    config: Record<string, unknown>;
    tensors: Record<string, { dtype: string; dims: number[]; data: number[] }>;
  };
  const tensors = new Map(
    Object.entries(golden.tensors).map(([name, { dims, data }]) => [name, { dims, data: Float32Array.from(data) }]),
  );

  test("PEFT's own file is read, and ours has its tensors and its settings", () => {
    const vectors = fromPeftPromptTuning(tensors);
    expect(vectors.visual[0]).toBe(-1);
    expect(vectors.textual[7]).toBe(0.875);
    const ours = toPeftPromptTuning(vectors, "base");
    expect(ours.tensors).toEqual(tensors);
    const { base_model_name_or_path: _, alarm_tokens, ...settings } = ours.config;
    expect(golden.config).toMatchObject(settings); // every key is PEFT's, with the value that PEFT writes
    expect(alarm_tokens).toEqual(["visual", "textual"]);
    expect(golden.tensors.prompt_embeddings?.dtype).toBe("torch.float32");
  });
});
