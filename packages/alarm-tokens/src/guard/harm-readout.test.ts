import { createRng } from "@videosafety/random";
import { afterAll, describe, expect, test } from "vitest";
import { ToyModel, toySamples } from "../../test/toy-model.js";
import {
  AlarmShapeError,
  atcHeadOf,
  auc,
  CalibrationError,
  calibrateGuard,
  createGuard,
  EmptyClassError,
  fitHarmReadout,
  type HarmReadout,
  type HiddenStateModel,
  hiddenStateGuardModel,
  parseHarmReadout,
  type TrainableTensor,
} from "../index.js";

const placesOf = ({ positions }: { positions: { textual: number } }) => [positions.textual];
const guardPlacesOf = ({ positions }: { positions: { visual: number; textual: number } }) => positions;

describe("a readout on a real model", () => {
  const model = new ToyModel(3);
  const rng = createRng(5);
  for (const { data } of model.trainableParameters(["alarmTokens", "classifiers"]).values())
    for (let i = 0; i < data.length; i++) data[i] = rng.normal();
  const samples = toySamples(24, 8);
  const guardModel = (textual: HarmReadout) => {
    const visual = atcHeadOf(model.parameters, "visual_tokens_cls");
    return hiddenStateGuardModel(model, { heads: { visual, textual }, placesOf: guardPlacesOf });
  };
  afterAll(() => model.dispose());

  test("with the textual head's own weights it gives both heads' logits", async () => {
    const head = (name: string): number[] =>
      Array.from((model.parameters.get(`textual_tokens_cls.${name}`) as TrainableTensor).data);
    const readout = {
      format: "videosafety-readout-1" as const,
      layers: [1],
      placeCount: 1,
      weight: head("weight"),
      bias: head("bias")[0] as number,
    };
    const expected = await model.alarmStates(samples);
    const found = await guardModel(readout).alarmStates(samples);
    for (const key of ["visualLogits", "textualLogits"] as const)
      found[key].forEach((logit, i) => {
        expect(logit).toBeCloseTo(expected[key][i] as number, 4);
      });
  });

  test("fitted on samples it separates others, calibrates a guard, and survives JSON", async () => {
    const training = toySamples(400, 21);
    const labelOf = ({ labels }: (typeof samples)[number]) => labels.textual ?? 0;
    const readout = parseHarmReadout(
      JSON.parse(JSON.stringify(await fitHarmReadout(model, training, { labelOf, placesOf }))),
    );
    expect(readout.layers).toEqual([1]);
    const read = guardModel(readout);
    const held = toySamples(400, 22);
    const logits = await read.alarmStates(held);
    expect(auc(logits.textualLogits, held.map(labelOf))).toBeGreaterThan(0.8);
    const calibration = calibrateGuard({ ...logits, labels: held.map(({ labels }) => labels), targetFrr: 0.2 });
    const harmful = toySamples(400, 23).filter(({ labels }) => labels.textual === 1);
    const guard = createGuard(read, calibration);
    let refused = 0;
    for (const sample of harmful) if ((await guard.assess(sample)).verdict === "refuse") refused += 1;
    expect(refused / harmful.length).toBeGreaterThan(0.35);
  });

  test("bad input", async () => {
    const labelOf = () => 1 as const;
    await expect(fitHarmReadout(model, samples, { labelOf, placesOf })).rejects.toThrow(EmptyClassError);
    const mixed = fitHarmReadout(model, samples, {
      labelOf,
      placesOf: ({ labels }) => (labels.visual === 1 ? [1] : [1, 2]),
    });
    await expect(mixed).rejects.toThrow(AlarmShapeError);
    await expect(mixed).rejects.toThrow(/equally many in every sample/);
    const format = "videosafety-readout-1" as const;
    const readout = { format, layers: [1], placeCount: 1, weight: [1, 2], bias: 0 };
    await expect(guardModel(readout).alarmStates(samples)).rejects.toThrow(/fit the readout on this model/);
    expect(() => guardModel({ ...readout, layers: [2] })).toThrow(/found layer 2/);
    expect(() => guardModel({ ...readout, bias: Number.NaN })).toThrow(CalibrationError);
    expect(() => parseHarmReadout({ ...readout, format: "other" })).toThrow(CalibrationError);
    expect(() => parseHarmReadout({ ...readout, weight: [Number.NaN] })).toThrow(/weight/);
  });
});

test("two tokens that err on different inputs rank better together than either alone", async () => {
  // Hidden states of 4 values in 2 layers at 2 places; the evidence at each place has noise of its own.
  interface Sample {
    readonly label: 0 | 1;
    readonly states: readonly number[];
  }
  const draw = (n: number, seed: number): Sample[] => {
    const rng = createRng(seed);
    return Array.from({ length: n }, (_, i) => ({
      label: (i & 1) as 0 | 1,
      states: Array.from({ length: 16 }, (_, k) => rng.normal() + (k % 4 === 0 ? 1.5 * (2 * (i & 1) - 1) : 0)),
    }));
  };
  const d = 4;
  const model: HiddenStateModel<Sample> = {
    layerCount: 2,
    hiddenStates: async (samples, { positions, layers = [2] }) =>
      new Map(
        layers.map((layer) => [
          layer,
          Float32Array.from(
            samples.flatMap(({ states }, i) =>
              (positions[i] as readonly number[]).flatMap((place) =>
                states.slice(((layer - 1) * 2 + place) * d, ((layer - 1) * 2 + place + 1) * d),
              ),
            ),
          ),
        ]),
      ),
    hiddenGradients: () => Promise.reject(new Error("not asked for")),
    attentionWeights: () => Promise.reject(new Error("not asked for")),
  };
  const visual = { weight: new Float32Array(d), bias: 0 };
  const [training, held] = [draw(600, 1), draw(600, 2)];
  const areaOf = async (read: readonly number[]): Promise<number> => {
    const placesOf = () => read;
    const readout = await fitHarmReadout(model, training, { labelOf: ({ label }) => label, placesOf });
    expect(readout.layers).toEqual([1, 2]);
    const { textualLogits } = await hiddenStateGuardModel(model, {
      heads: { visual, textual: readout },
      placesOf: () => ({ visual: 0, textual: 0, read }),
    }).alarmStates(held);
    return auc(
      textualLogits,
      held.map(({ label }) => label),
    );
  };
  const [first, second, both] = [await areaOf([0]), await areaOf([1]), await areaOf([0, 1])];
  expect(both).toBeGreaterThan(Math.max(first, second));
  expect(both).toBeGreaterThan(0.99);
});
