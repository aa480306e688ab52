import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdamW, saveCheckpoint } from "@videosafety/onnx-autodiff";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeToy, ToyModel, type ToySample, toySamples } from "../../test/toy-model.js";
import {
  AlarmTrainingConfigError,
  type AtSftConfigInput,
  CheckpointMismatchError,
  latestCheckpoint,
  STAGE_1_ALARM_AR,
  STAGE_2_AT_SFT,
  STAGE_3_COT,
  type StepEvent,
  type TrainAtSftOptions,
  TrainingDivergedError,
  type TrainingEvent,
  trainAtSft,
} from "../train.js";
import { parseAtSftConfig } from "./at-sft-config.js";
import { batchGradients } from "./training-step.js";

const stage2: AtSftConfigInput = {
  ...STAGE_2_AT_SFT,
  learningRates: { llm: 1e-2, alarmTokens: 2e-2, classifiers: 5e-2 },
  lambdaVisual: 1,
  lambdaTextual: 1,
  batchSize: 16,
  perDeviceTrainBatchSize: 16,
  seed: 7,
};
const data = (train: readonly ToySample[], evaluation: readonly ToySample[] = []) => ({
  sources: { toy: train },
  describe: describeToy,
  evaluation,
});
const values = (model: ToyModel): Record<string, number[]> =>
  Object.fromEntries([...model.parameters].map(([name, tensor]) => [name, [...tensor.data]]));

async function run(model: ToyModel, options: Omit<TrainAtSftOptions<ToySample>, "model">): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of trainAtSft({ model, ...options })) events.push(event);
  return events;
}
const steps = (events: readonly TrainingEvent[]): StepEvent[] => events.filter((event) => event.type === "step");

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "alarm-tokens-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("trainAtSft", { timeout: 60_000 }, () => {
  test("stages 1, 2 and 3 in a row learn, and each trains its own groups only", async () => {
    const model = new ToyModel();
    const train = toySamples(256, 1);
    const held = toySamples(200, 2);
    const changed = (before: ReturnType<typeof values>): Set<string> =>
      new Set(
        [...model.parameters].flatMap(([name, { data: now, group }]) =>
          now.some((value, i) => value !== before[name]?.[i]) ? [group] : [],
        ),
      );

    let before = values(model);
    const first = await run(model, {
      data: data(train),
      config: { ...STAGE_1_ALARM_AR, learningRates: { llm: 1e-2, alarmTokens: 2e-2 }, batchSize: 16, maxGradNorm: 1 },
    });
    expect(changed(before)).toEqual(new Set(["llm", "alarmTokens"]));
    expect(steps(first).at(-1)?.lossLm).toBeLessThan(0.5 * (steps(first)[0]?.lossLm as number));

    before = values(model);
    const second = await run(model, { data: data(train, held), config: { ...stage2, numTrainEpochs: 8 } });
    expect(changed(before)).toEqual(new Set(["llm", "alarmTokens", "classifiers"]));
    const evaluation = second.find((event) => event.type === "evaluation");
    expect(evaluation?.metrics.visual.auc).toBeGreaterThan(0.98);
    expect(evaluation?.metrics.textual.auc).toBeGreaterThan(0.98);
    expect(evaluation?.metrics.frrAtDsr?.frr).toBeLessThan(0.05);
    expect(second.at(-1)).toMatchObject({ type: "done", reason: "completed", step: 128 });

    before = values(model);
    await run(model, { data: data(train), config: { ...STAGE_3_COT, learningRates: { llm: 1e-3 }, batchSize: 64 } });
    expect(changed(before)).toEqual(new Set(["llm"]));
    await model.dispose();
  });

  test("property: micro-batches of any size give the gradients of one large batch", async () => {
    const model = new ToyModel();
    const batch = toySamples(12, 3).map((sample, i) => {
      const labels = i % 3 === 0 ? { ...sample.labels, visual: null } : sample.labels; // unknown labels count nowhere
      return { sample: { ...sample, labels }, description: { ...describeToy(sample), labels } };
    });
    const gradientsWith = (limits: Partial<AtSftConfigInput>) =>
      batchGradients(
        model,
        batch,
        ["llm", "alarmTokens", "classifiers"],
        parseAtSftConfig({ ...stage2, ...limits }),
        1,
        undefined,
      );
    const whole = await gradientsWith({});
    const splits = [{ perDeviceTrainBatchSize: 1 }, { perDeviceTrainBatchSize: 5 }, { microBatchTokens: 40 }];
    for (const limits of [...splits, { microBatchTokens: 40, packing: true }]) {
      const parts = await gradientsWith(limits);
      expect(parts.loss).toBeCloseTo(whole.loss, 5);
      expect([...parts.gradients.keys()]).toEqual([...whole.gradients.keys()]);
      for (const [name, gradient] of whole.gradients) {
        gradient.forEach((value, i) => {
          expect(Math.abs((parts.gradients.get(name)?.[i] as number) - value)).toBeLessThan(
            1e-6 + 1e-5 * Math.abs(value),
          );
        });
      }
    }
    await model.dispose();
  });

  test("learning rates: each group its own, warm-up from 0, half a cosine down", async () => {
    const model = new ToyModel();
    const config = { ...stage2, numTrainEpochs: 2, warmupRatio: 0.1, maxGradNorm: null };
    const events = steps(await run(model, { data: data(toySamples(160, 1)), config }));
    expect(events).toHaveLength(20);
    expect(events[0]?.learningRates).toEqual({ llm: 0, alarmTokens: 0, classifiers: 0 });
    expect(events[2]?.learningRates).toEqual({ llm: 1e-2, alarmTokens: 2e-2, classifiers: 5e-2 });
    expect(events[11]?.learningRates.llm).toBeCloseTo(0.5e-2, 10);
    expect(events.map((event) => event.epoch).at(-1)).toBe(2);
    expect(model.changes).toBe(20);
    await model.dispose();
  });

  test("an interrupted run continues bit for bit", async () => {
    const train = toySamples(48, 5);
    const held = toySamples(20, 6);
    const config: AtSftConfigInput = {
      ...stage2,
      numTrainEpochs: 3,
      evalSteps: 2,
      saveSteps: 4,
      earlyStopping: { patience: 50 },
    };
    const straight = new ToyModel();
    const whole = await run(straight, { data: data(train, held), config });

    const folder = join(directory, "resume");
    const stopped = new ToyModel();
    for await (const event of trainAtSft({
      model: stopped,
      data: data(train, held),
      config,
      checkpointDirectory: folder,
    })) {
      if (event.type === "step" && event.step === 6) break; // two steps after the checkpoint
    }
    const resumed = new ToyModel(99);
    const resumeFrom = (await latestCheckpoint(folder)) as string;
    // The heads' and alarm tokens' start values come from the checkpoint too: another seed does not matter.
    const rest = await run(resumed, { data: data(train, held), config, resumeFrom, checkpointDirectory: folder });
    expect(values(resumed)).toEqual(values(straight));
    const losses = (events: TrainingEvent[]) =>
      steps(events).map(({ step, loss, gradientNorm }) => [step, loss, gradientNorm]);
    expect(losses(rest)).toEqual(losses(whole).slice(4));
    expect(rest.at(-1)).toEqual(whole.at(-1));
    expect(await readdir(folder)).toEqual(["step-00000008.safetensors", "step-00000009.safetensors"]);

    const checkpoint = join(folder, "step-00000008.safetensors");
    const refused = async (message: RegExp, change: Partial<Omit<TrainAtSftOptions<ToySample>, "model">>) => {
      const attempt = run(resumed, { data: data(train, held), config, resumeFrom: checkpoint, ...change });
      await expect(attempt).rejects.toThrow(CheckpointMismatchError);
      await expect(attempt).rejects.toThrow(message);
    };
    await refused(/settings.*found others for seed/, { config: { ...config, seed: 8 } });
    await refused(/source toy has 47 samples, it had 48/, { data: data(train.slice(1)) });
    await refused(/in source toy the same 48 rows are in another order, from row 0/, {
      data: data([...train].reverse()),
    });
    await refused(/in source toy 1 of 48 rows have other content, the first is row 47/, {
      data: data([...train.slice(0, -1), ...toySamples(1, 9)]),
    });
    await refused(/sources are other, they were toy/, { data: { ...data(train), sources: { other: train } } });
    const { parameters } = resumed;
    const state = { parameters, optimizer: new AdamW(parameters) };
    const other = join(directory, "other.safetensors");
    await saveCheckpoint(other, { ...state, step: 1, config: { trainer: "trainGrpo" } });
    await refused(/found one of trainGrpo/, { resumeFrom: other });
    await saveCheckpoint(other, { ...state, step: 1, config: { trainer: "trainAtSft", config: { surprise: 1 } } });
    await refused(/surprise/, { resumeFrom: other });
    await writeFile(other, "half a file");
    await refused(/expected a checkpoint at/, { resumeFrom: other });
    expect(values(resumed)).toEqual(values(straight)); // a refused checkpoint changes nothing
    for (const model of [straight, stopped, resumed]) await model.dispose();
  });

  test("sources made sample by sample: exchanged data are found by fingerprint, or by making sixteen samples again", async () => {
    const train = toySamples(48, 5);
    const config: AtSftConfigInput = { ...stage2, saveSteps: 1, maxSteps: 2 };
    for (const named of [true, false]) {
      const folder = join(directory, `lazy-${named}`);
      let made = 0;
      const lazy = (samples: readonly ToySample[]) => ({
        sources: {
          toy: {
            length: samples.length,
            get: (index: number) => {
              made++;
              return samples[index] as ToySample;
            },
            ...(named && { fingerprintOf: (index: number) => samples[index] }),
          },
        },
        describe: describeToy,
      });
      const model = new ToyModel();
      for await (const { type } of trainAtSft({ model, data: lazy(train), config, checkpointDirectory: folder }))
        if (type === "checkpoint") break;
      const resumeFrom = await latestCheckpoint(folder);
      made = 0;
      await expect(run(model, { data: lazy([...train].reverse()), config, resumeFrom })).rejects.toThrow(
        named ? /another order/ : /source toy has another sample \d+/,
      );
      expect(made).toBe(named ? 0 : 1);
      await run(model, { data: lazy(train), config, resumeFrom });
      await model.dispose();
    }
  });

  test("early stopping on the false refusal rate", async () => {
    const model = new ToyModel();
    const config: AtSftConfigInput = {
      ...stage2,
      numTrainEpochs: 100,
      evalSteps: 4,
      earlyStopping: { patience: 2 },
    };
    const events = await run(model, { data: data(toySamples(64, 1), toySamples(64, 2)), config });
    const done = events.at(-1);
    const evaluations = events.filter((event) => event.type === "evaluation");
    expect(done).toMatchObject({ type: "done", reason: "early-stopping" });
    expect(evaluations.slice(-2).map((event) => event.improved)).toEqual([false, false]);
    expect(done?.type === "done" && done.best?.step).toBe(evaluations.at(-3)?.step);
    await model.dispose();
  });

  test("an abort stops it with the signal's reason", async () => {
    const model = new ToyModel();
    const controller = new AbortController();
    const loop = async () => {
      const options = { data: data(toySamples(64, 1)), config: stage2, signal: controller.signal };
      for await (const event of trainAtSft({ model, ...options })) {
        if (event.type === "step") controller.abort(new Error("enough"));
      }
    };
    await expect(loop()).rejects.toThrow("enough");
    expect(model.changes).toBe(1);
    await model.dispose();
  });

  test("divergence names step and records, and leaves the parameters alone", async () => {
    const model = new ToyModel();
    const head = model.parameters.get("visual_tokens_cls.weight");
    head?.data.fill(Number.NaN);
    const before = values(model);
    const located = {
      ...data(toySamples(2, 1)),
      describe: (sample: ToySample) => ({ ...describeToy(sample), location: { file: "toy.jsonl", line: 3 } }),
    };
    const attempt = run(model, { data: located, config: stage2 });
    await expect(attempt).rejects.toThrow(TrainingDivergedError);
    await expect(attempt).rejects.toThrow(/step 1 on toy\.jsonl:3/);
    expect(values(model)).toEqual(before);
    // The same of a model that refuses such numbers by itself.
    model.atSftGradients = async () => {
      throw Object.assign(new Error("a finite gradient of lm_head.weight"), { code: "non-finite" });
    };
    const refused = run(model, { data: located, config: stage2 });
    await expect(refused).rejects.toThrow(TrainingDivergedError);
    await expect(refused).rejects.toThrow(/lm_head\.weight at step 1 on toy\.jsonl:3/);
    model.atSftGradients = async () => {
      const message = "expected a finite gradient of lm_head.weight, found NaN; check the weights of the model";
      throw Object.assign(new Error(message), { code: "non-finite" });
    };
    await expect(run(model, { data: located, config: stage2 })).rejects.toThrow(
      /^expected a finite gradient of lm_head\.weight, found NaN at step 1 on toy\.jsonl:3\b[^;]*; lower/,
    );
    await model.dispose();
  });

  test("bad configurations and data are refused before the first step", async () => {
    const model = new ToyModel();
    const train = data(toySamples(4, 1));
    const attempt = (config: unknown, from: TrainAtSftOptions<ToySample>["data"] = train) =>
      run(model, { data: from, config: config as AtSftConfigInput });
    await expect(attempt({ ...stage2, lambda: 1 })).rejects.toThrow(/Unrecognized key: "lambda"/);
    await expect(attempt({ ...stage2, learningRates: {} })).rejects.toThrow(AlarmTrainingConfigError);
    await expect(attempt({ ...stage2, learningRates: { lora: 1e-3 } })).rejects.toThrow(/parameters in group lora/);
    await expect(attempt(stage2, data([]))).rejects.toThrow(/samples to train on, found none/);
    const bad = {
      ...train,
      describe: (sample: ToySample) => ({ ...describeToy(sample), labels: { visual: 2, textual: 0 } }),
    };
    await expect(attempt(stage2, bad as unknown as typeof train)).rejects.toThrow(/visual label/);
    expect(model.changes).toBe(0);
  });
});
