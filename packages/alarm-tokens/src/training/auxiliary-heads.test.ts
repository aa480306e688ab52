import { createRng } from "@videosafety/random";
import { afterAll, describe, expect, test } from "vitest";
import { describeToy, ToyModel, type ToySample, toySamples } from "../../test/toy-model.js";
import { atcHeadOf, atcLogits, layerProbes, segmentLoss } from "../index.js";
import {
  type AlarmSet,
  AlarmTrainingConfigError,
  type AuxiliaryHead,
  alarmSetHead,
  categoryHead,
  categoryLogits,
  type StepEvent,
  trainAtSft,
} from "../train.js";

/** Which of two kinds of harmful "frames" (ids 16-19 and 20-23) most of a harmful video is of; null in a safe one. */
const kindOf = ({ ids, labels, positions }: ToySample): number | null => {
  const frames = ids.subarray(2, positions.visual);
  return labels.visual === 1 ? Number(2 * frames.filter((id) => id >= 20).length > frames.length) : null;
};
const category = (lambda = 1): AuxiliaryHead<ToySample> =>
  categoryHead({
    name: "visual_category",
    hiddenSize: 16,
    categories: 2,
    lambda,
    seed: 3,
    positionOf: ({ positions }) => positions.visual,
    categoryOf: kindOf,
  });
/** The first three "frames" of the video: several places, one label. */
const segments = (lambda = 1): AuxiliaryHead<ToySample> =>
  alarmSetHead({
    name: "visual_segments",
    hiddenSize: 16,
    lambda,
    seed: 4,
    temperature: 0.7,
    setsOf: ({ labels }) => [{ positions: [2, 3, 4], label: labels.visual }],
  });
const data = (samples: readonly ToySample[]) => ({ sources: { toy: samples }, describe: describeToy });
const config = {
  learningRates: { llm: 0.02, alarmTokens: 0.02, classifiers: 0.02 },
  lambdaVisual: 0.1,
  lambdaTextual: 0.1,
  batchSize: 16,
  warmupRatio: 0,
  lrSchedulerType: "constant",
} as const;

describe.each([
  ["category", category],
  ["alarm set", segments],
] as const)("the %s head", (_, make) => {
  test("its gradients are the central differences of its loss", () => {
    const samples = toySamples(8, 5).filter((sample) => make().labelled(sample));
    const head = make();
    const counts = samples.map((sample) => head.positions(sample).length);
    const rng = createRng(2);
    const hidden = Float32Array.from({ length: 16 * counts.reduce((a, b) => a + b) }, () => rng.normal());
    const lossOf = (): number => head.loss(samples, hidden, counts, 5).loss;
    const { hiddenGradient, gradients } = head.loss(samples, hidden, counts, 5);
    const check = (values: Float32Array, gradient: ArrayLike<number>): void => {
      for (let i = 0; i < values.length; i += 3) {
        const kept = values[i] as number;
        const [above, below] = [Math.fround(kept + 1e-2), Math.fround(kept - 1e-2)];
        values[i] = above;
        const high = lossOf();
        values[i] = below;
        const low = lossOf();
        values[i] = kept;
        expect(gradient[i]).toBeCloseTo((high - low) / (above - below), 4);
      }
    };
    check(hidden, hiddenGradient);
    for (const [name, { data: values }] of head.parameters) check(values, gradients.get(name) as ArrayLike<number>);
  });
});

describe("trainAtSft with heads beyond the paper", () => {
  const models: ToyModel[] = [];
  const fresh = (): ToyModel => {
    const model = new ToyModel(1);
    models.push(model);
    return model;
  };
  afterAll(async () => {
    for (const model of models) await model.dispose();
  });

  async function train(
    model: ToyModel,
    auxiliary: AuxiliaryHead<ToySample>[],
    perDeviceTrainBatchSize = 16,
    maxSteps = 40,
  ) {
    const steps: StepEvent[] = [];
    for await (const event of trainAtSft({
      model,
      data: data(toySamples(128, 9, 0)),
      config: { ...config, perDeviceTrainBatchSize, numTrainEpochs: 20, maxSteps },
      auxiliary,
    }))
      if (event.type === "step") steps.push(event);
    return steps;
  }

  test("the loss handed to the model reaches its parameters: central differences through the whole model", async () => {
    const model = fresh();
    const head = segments();
    const samples = toySamples(6, 8);
    const positions = samples.map((sample) => head.positions(sample));
    const counts = positions.map(({ length }) => length);
    const lossOf = async () => {
      const hidden = (await model.hiddenStates(samples, { positions })).get(1) as Float32Array;
      return head.loss(samples, hidden, counts, 6);
    };
    const { hiddenGradient } = await lossOf();
    const groups = ["llm", "alarmTokens"] as const;
    const gradients = await model.hiddenGradients(samples, Float32Array.from(hiddenGradient), { positions, groups });
    for (const name of ["embed", "mix", "visual_alarm_tokens"]) {
      const values = model.parameters.get(name)?.data as Float32Array;
      const gradient = gradients.get(name) as Float32Array;
      const i = gradient.reduce((best, g, at) => (Math.abs(g) > Math.abs(gradient[best] as number) ? at : best), 0);
      const kept = values[i] as number;
      values[i] = kept + 0.02;
      const high = (await lossOf()).loss;
      values[i] = kept - 0.02;
      const low = (await lossOf()).loss;
      values[i] = kept;
      expect((high - low) / 0.04).toBeCloseTo(gradient[i] as number, 2);
    }
  });

  test("sets of a sample are averaged, unknown ones left out; gradients are central differences", () => {
    const sets: Record<string, AlarmSet[]> = {
      spliced: [
        { positions: [2, 3], label: 1 },
        { positions: [4], label: 0 },
        { positions: [5, 6], label: null },
      ],
      whole: [{ positions: [2, 3, 4], label: 1 }],
      unknown: [{ positions: [2], label: null }],
    };
    const head = alarmSetHead<string>({
      name: "sets",
      hiddenSize: 2,
      lambda: 1,
      seed: 4,
      temperature: 0.7,
      setsOf: (sample) => sets[sample] as AlarmSet[],
    });
    expect(["spliced", "whole", "unknown"].map((sample) => head.labelled(sample))).toEqual([true, true, false]);
    expect(head.positions("spliced")).toEqual([2, 3, 4]);
    const hidden = Float32Array.from({ length: 12 }, (_, i) => Math.sin(3 * i));
    const at = (values: Float32Array) => head.loss(["spliced", "whole"], values, [3, 3], 2);
    const logits = atcLogits(hidden, atcHeadOf(head.parameters, "sets"));
    const lossOf = (from: number, to: number, label: 0 | 1): number =>
      segmentLoss([logits.subarray(from, to)], [label], { temperature: 0.7 }).loss;
    const { loss, hiddenGradient } = at(hidden);
    expect(loss).toBeCloseTo(((lossOf(0, 2, 1) + lossOf(2, 3, 0)) / 2 + lossOf(3, 6, 1)) / 2, 10);
    for (let i = 0; i < hidden.length; i++) {
      const moved = (by: number): number => at(hidden.map((value, k) => (k === i ? value + by : value))).loss;
      expect((moved(1 / 128) - moved(-1 / 128)) * 64).toBeCloseTo(hiddenGradient[i] as number, 4);
    }
  });

  test("a category head and a segment head learn beside the alarms", { timeout: 60_000 }, async () => {
    const model = fresh();
    const [kind, spans] = [category(), segments()];
    const steps = await train(model, [kind, spans]);
    const mean = (name: string, part: StepEvent[]): number =>
      part.reduce((sum, { lossAuxiliary }) => sum + (lossAuxiliary[name] as number), 0) / part.length;
    expect(mean("visual_category", steps.slice(-5))).toBeLessThan(0.6 * mean("visual_category", steps.slice(0, 5)));
    expect(mean("visual_segments", steps.slice(-5))).toBeLessThan(0.4 * mean("visual_segments", steps.slice(0, 5)));

    const held = toySamples(64, 77, 0).filter((sample) => kindOf(sample) !== null);
    const positions = held.map((sample) => kind.positions(sample));
    const hidden = (await model.hiddenStates(held, { positions })).get(1) as Float32Array;
    const layer = {
      weight: kind.parameters.get("visual_category.weight")?.data as Float32Array,
      bias: kind.parameters.get("visual_category.bias")?.data as Float32Array,
    };
    const logits = categoryLogits(hidden, layer);
    const right = held.filter(
      (sample, i) => ((logits[2 * i + 1] as number) > (logits[2 * i] as number) ? 1 : 0) === kindOf(sample),
    );
    expect(right.length / held.length).toBeGreaterThan(0.8);
    // The same states through the analysis: what the head was trained on is linearly readable.
    const [probe] = layerProbes([hidden], held.map(kindOf) as (0 | 1)[]);
    expect(probe?.auc).toBeGreaterThan(0.8);
  });

  test("micro-batches add up to one large batch; lambda scales", async () => {
    const [whole, parts] = [fresh(), fresh()];
    const [a] = await train(whole, [category(0.5), segments(0.3)], 16, 1);
    const [b] = await train(parts, [category(0.5), segments(0.3)], 3, 1);
    expect(b?.loss).toBeCloseTo(a?.loss as number, 5);
    expect(b?.gradientNorm).toBeCloseTo(a?.gradientNorm as number, 4);
    const { lossAuxiliary: aux, ...losses } = a as StepEvent;
    const sum = losses.lossLm + 0.1 * (losses.lossVisual + losses.lossTextual);
    const extra = 0.5 * (aux.visual_category as number) + 0.3 * (aux.visual_segments as number);
    expect(losses.loss).toBeCloseTo(sum + extra, 5);
  });

  test("without heads nothing changes; with heads the model and the rates must fit", async () => {
    const [step] = await train(fresh(), [], 8, 1);
    expect(step?.lossAuxiliary).toEqual({});
    const model = fresh();
    const bare = {
      hiddenSize: 16,
      trainableParameters: model.trainableParameters.bind(model),
      parametersChanged: () => {},
      atSftGradients: model.atSftGradients.bind(model),
      alarmStates: model.alarmStates.bind(model),
    };
    const first = (options: Parameters<typeof trainAtSft<ToySample>>[0]) => trainAtSft(options).next();
    const base = { data: data(toySamples(8, 1)), config, auxiliary: [category()] };
    await expect(first({ ...base, model: bare })).rejects.toThrow(AlarmTrainingConfigError);
    const rates = { llm: 0.1 };
    await expect(first({ ...base, model, config: { ...config, learningRates: rates } })).rejects.toThrow(/classifiers/);
    await expect(first({ ...base, model, auxiliary: [category(), category()] })).rejects.toThrow(/twice/);
  });
});
