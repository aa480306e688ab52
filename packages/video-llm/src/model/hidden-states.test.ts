import { alarmAttention, hasHiddenStates } from "@videosafety/alarm-tokens";
import { createRng } from "@videosafety/onnx-autodiff";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tinyModel, tinyPrompt } from "../../test/tiny.js";
import { type OpenedVideoLlm, OptionsError, openHiddenStates, type PreparedSample, type VideoLlm } from "../index.js";

describe("a model opened for its hidden states", () => {
  let model: VideoLlm;
  let opened: OpenedVideoLlm;
  let samples: PreparedSample[];
  beforeAll(async () => {
    model = tinyModel();
    opened = openHiddenStates(model);
    samples = [];
    for (const [i, text] of ["what happens here?", "a dog", "a person walks a dog in the park"].entries())
      samples.push(model.prepareSample({ prompt: await tinyPrompt(model, text, { frames: i, seed: i + 1 }) }));
  });
  afterAll(async () => {
    await opened.dispose();
    await model.dispose();
  });
  const alarms = (): number[][] =>
    samples.map(({ prompt: { alarmPositions } }) => [alarmPositions?.visual ?? 0, alarmPositions?.textual ?? 0]);

  test("is alarm-tokens' HiddenStateModel; the last layer holds the alarm states", async () => {
    expect(hasHiddenStates(opened)).toBe(true);
    expect(hasHiddenStates(model)).toBe(false);
    const { visualHidden, textualHidden } = await model.alarmStates(samples);
    const states = await opened.hiddenStates(samples, { positions: alarms(), layers: [0, 1, 2] });
    const d = model.hiddenSize;
    const lastLayer = states.get(2) as Float32Array;
    samples.forEach((_, i) => {
      for (let j = 0; j < d; j++) {
        expect(lastLayer[2 * i * d + j]).toBeCloseTo(visualHidden[i * d + j] as number, 4);
        expect(lastLayer[(2 * i + 1) * d + j]).toBeCloseTo(textualHidden[i * d + j] as number, 4);
      }
    });
    // Layer 0 holds the alarm vectors themselves.
    const vector = model.tensors.get("visual_alarm_tokens")?.data as Float32Array;
    expect([...(states.get(0) as Float32Array).subarray(0, d)]).toEqual([...vector]);
  });

  test("gradients are the central differences of the weighted states, on live tensors", async () => {
    const positions = alarms();
    const rng = createRng(5);
    const weights = Float32Array.from({ length: 6 * model.hiddenSize }, () => rng.normal());
    const lossOf = async (): Promise<number> => {
      const states = (await opened.hiddenStates(samples, { positions })).get(2) as Float32Array;
      return states.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
    };
    const groups = ["llm", "alarmTokens", "classifiers"] as const;
    const gradients = await opened.hiddenGradients(samples, weights, { positions, groups });
    expect(gradients.get("visual_tokens_cls.weight")?.every((value) => value === 0)).toBe(true);
    for (const name of ["textual_alarm_tokens", "model.layers.0.self_attn.q_proj.weight", "model.norm.weight"]) {
      const values = model.tensors.get(name)?.data as Float32Array;
      const gradient = gradients.get(name) as Float32Array;
      const i = gradient.reduce((best, g, at) => (Math.abs(g) > Math.abs(gradient[best] as number) ? at : best), 0);
      const kept = values[i] as number;
      const at = async (value: number): Promise<number> => {
        values[i] = value;
        opened.parametersChanged();
        return lossOf();
      };
      const difference = ((await at(kept + 1e-2)) - (await at(kept - 1e-2))) / 2e-2;
      values[i] = kept;
      opened.parametersChanged();
      expect(difference / (gradient[i] as number)).toBeCloseTo(1, 1);
    }
  });

  test("attention rows are causal and sum to 1; segments of it feed alarmAttention", async () => {
    const sample = samples[2] as PreparedSample;
    const length = sample.prompt.tokenIds.length;
    const layers = await opened.attentionWeights(sample);
    expect(layers.map(({ layer }) => layer)).toEqual([1, 2]);
    for (const { data, dims } of layers) {
      expect(dims).toEqual([4, length, length]);
      for (let row = 0; row < 4 * length; row++) {
        const weights = data.subarray(row * length, (row + 1) * length);
        expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
        expect(weights.subarray((row % length) + 1).every((weight) => weight < 1e-6)).toBe(true);
      }
    }
    const positions = sample.prompt.alarmPositions as NonNullable<typeof sample.prompt.alarmPositions>;
    const [found] = alarmAttention(layers[1] as (typeof layers)[number], positions, [
      { name: "all", start: 0, end: length },
    ]);
    expect(found?.fromAlarm.textual).toBeCloseTo(1, 4);
  });

  test("what does not fit is refused", async () => {
    const positions = alarms();
    await expect(opened.hiddenStates(samples, { positions: [[0]] })).rejects.toThrow(OptionsError);
    await expect(opened.hiddenStates(samples, { positions: [[0], [0], [9999]] })).rejects.toThrow(/sample 2/);
    await expect(opened.hiddenStates(samples, { positions, layers: [3] })).rejects.toThrow(/layers/);
    await expect(opened.hiddenGradients(samples, new Float32Array(3), { positions, groups: ["llm"] })).rejects.toThrow(
      OptionsError,
    );
  });
});
