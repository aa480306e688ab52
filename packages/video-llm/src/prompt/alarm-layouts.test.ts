import { join } from "node:path";
import { type AlarmLayout, AlarmPlacementError } from "@videosafety/alarm-tokens";
import { createRng, readSafetensors, writeSafetensors } from "@videosafety/onnx-autodiff";
import { describe, expect, test } from "vitest";
import { checkGradients } from "../../test/check-gradients.js";
import { noiseVideo, TINY, temporaryDirectories, tinyModel, tinyPrompt, tinyQwen } from "../../test/tiny.js";
import { buildAtSftGraph } from "../graph/training-graphs.js";
import {
  createVideoLlm,
  loadAdapter,
  loadVideoLlm,
  OptionsError,
  openHiddenStates,
  type PreparedPrompt,
  PromptError,
  REQUIRED_TOKENS,
  saveVideoLlm,
  trainByteLevelBpe,
  type VideoLlm,
} from "../index.js";
import { collate } from "../passes/batch.js";
import { ParameterStore } from "../weights/parameter-store.js";
import { PROMPT_CONVENTIONS } from "./conventions.js";
import { rotaryPositions } from "./rotary-positions.js";

const temporary = temporaryDirectories();
const SEVERAL = { visual: 3, textual: 2 };

/** A tiny SmolVLM2 with weights large enough that nothing is near zero. */
function tinySmol(alarmVectors: { visual: number; textual: number }): VideoLlm {
  const { markers, turnEnd } = PROMPT_CONVENTIONS.smolvlm2;
  const specialTokens = [...REQUIRED_TOKENS, turnEnd, ...markers];
  const model = createVideoLlm({
    config: {
      ...TINY,
      family: "smolvlm2",
      mergeSize: 2,
      vision: { ...TINY.vision, imageSize: 16 },
      alarmVectors,
    },
    tokenizer: { tokenizer: trainByteLevelBpe({ texts: ["User: a dog"], vocabularySize: 260, specialTokens }) },
    seed: 1,
  });
  const rng = createRng(3);
  for (const { data } of model.tensors.values())
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 0.15 * rng.normal();
  return model;
}

const FAMILIES: [string, (alarmVectors: { visual: number; textual: number }) => VideoLlm][] = [
  ["videollama3", (alarmVectors) => tinyModel({ config: { alarmVectors } })],
  ["qwen2-vl", (alarmVectors) => tinyQwen("qwen2-vl", { alarmVectors })],
  ["qwen2.5-vl", (alarmVectors) => tinyQwen("qwen2.5-vl", { alarmVectors })],
  ["smolvlm2", tinySmol],
];

/** Noise of which each second frame repeats parts of the one before, so that token compression has something to drop. */
function partlyStill(frames: number) {
  const video = noiseVideo(frames, 16, 24, 5);
  const half = (16 * 24 * 3) / 2;
  for (let t = 1; t < frames; t += 2) {
    const at = t * 2 * half;
    video.frames.data.copyWithin(at, at - 2 * half, at - half);
  }
  return video;
}

const ask = async (model: VideoLlm, alarmTokens: boolean | AlarmLayout, frames = 5) =>
  model.preparePrompt({
    messages: [{ role: "user", content: "a dog?" }],
    visual: await model.encodeVideo(partlyStill(frames)),
    alarmTokens,
  });

const spansOf = ({ alarms }: PreparedPrompt) =>
  alarms?.segments.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]);

describe("prompts with several alarms", () => {
  test.each(FAMILIES)("%s: a group after each frame's last kept token, with its seconds", async (family, make) => {
    const model = make(SEVERAL);
    const prompt = await ask(model, { segments: "frame" });
    const { tokenIds, visualPositions, alarms, alarmPositions } = prompt;
    const counts = prompt.visual[0]?.frameTokenCounts ?? [];
    expect(family !== "videollama3" || new Set(counts).size > 1).toBe(true); // compression dropped something
    let seen = 0;
    const ends = Array.from(counts, (count) => {
      seen += count;
      return visualPositions[seen - 1] as number;
    });
    expect(alarms?.visual).toEqual(ends.map((end) => [end + 1, end + 2, end + 3]));
    expect(alarms?.visual.flat().every((at) => tokenIds[at] === model.tokenizer.alarmIds.visual)).toBe(true);
    expect(alarms?.textual.map((at) => tokenIds[at])).toEqual([0, 1].map(() => model.tokenizer.alarmIds.textual));
    expect(alarmPositions).toEqual({ visual: alarms?.visual.at(-1)?.at(-1), textual: alarms?.textual.at(-1) });
    expect(alarms?.segments.map(({ position }) => position)).toEqual(ends.map((end) => end + 3));
    const pairs = family.startsWith("qwen");
    expect(spansOf(prompt)).toEqual(
      pairs
        ? [
            [0, 2],
            [2, 4],
            [4, 6],
          ]
        : [0, 1, 2, 3, 4].map((t) => [t, t + 1]),
    );
    expect(spansOf(await ask(model, { segments: { seconds: 4 } }))).toEqual([
      [0, 4],
      [4, pairs ? 6 : 5],
    ]);
  });

  test.each(FAMILIES)(
    "%s: without its alarm tokens, a prompt is the paper's without its own",
    async (_family, make) => {
      const model = make(SEVERAL);
      const paper = await ask(make({ visual: 1, textual: 1 }), true);
      const plain = ({ tokenIds }: PreparedPrompt): number[] => {
        const { visual, textual } = model.tokenizer.alarmIds;
        return [...tokenIds].filter((id) => id !== visual && id !== textual);
      };
      for (const layout of [true, { segments: "frame" }, { segments: { seconds: 2 }, visualVectors: 2 }] as const)
        expect(plain(await ask(model, layout))).toEqual(plain(paper));
      const single = await ask(model, { visualVectors: 1, textualVectors: 1 });
      expect(single.tokenIds).toEqual(paper.tokenIds);
      expect(single.alarmPositions).toEqual(paper.alarmPositions);
      expect(single.alarms?.segments).toEqual([]);
    },
  );

  test("several videos and an image: no segment spans two, and each knows its input", async () => {
    const model = tinyModel();
    const image = await model.encodeVideo({ ...noiseVideo(1, 16, 24, 9) }, { kind: "image" });
    const visual = [
      await model.encodeVideo(noiseVideo(3, 16, 24)),
      image,
      await model.encodeVideo(noiseVideo(2, 16, 24, 2)),
    ];
    const parts = [{ type: "video" }, { type: "image" }, { type: "video" }, { type: "text", text: "a dog" }] as const;
    const prompt = model.preparePrompt({
      messages: [{ role: "user", content: parts }],
      visual,
      alarmTokens: { segments: { seconds: 2 } },
    });
    expect(
      prompt.alarms?.segments.map(({ video, startSeconds, endSeconds }) => [video, startSeconds, endSeconds]),
    ).toEqual([
      [0, 0, 2],
      [0, 2, 3],
      [1, 0, 1],
      [2, 0, 2],
    ]);
  });

  test("a frame whose tokens were all dropped belongs to the one before", async () => {
    const model = tinyModel();
    const { patches, timestampsSeconds } = await model.encodeVideo(noiseVideo(3, 16, 24));
    const compressionMask = patches.compressionMask.slice();
    compressionMask.fill(0, 6, 12); // the second frame's 2 x 3 tokens
    const visual = await model.encodePatches({ ...patches, compressionMask }, timestampsSeconds);
    const prompt = model.preparePrompt({
      messages: [{ role: "user", content: "a dog" }],
      visual,
      alarmTokens: { segments: "frame" },
    });
    expect(spansOf(prompt)).toEqual([
      [0, 2],
      [2, 3],
    ]);
  });

  test("what the model or the video cannot give is a typed error", async () => {
    const model = tinyModel({ config: { alarmVectors: SEVERAL } });
    const codeOf = async (layout: AlarmLayout, frames = 2): Promise<unknown> => {
      const error = await tinyPrompt(model, "a dog", { frames, alarmTokens: layout }).catch((thrown) => thrown);
      expect(error instanceof PromptError || error instanceof AlarmPlacementError).toBe(true);
      return error.code;
    };
    expect(await codeOf({ visualVectors: 4 })).toBe("alarm-vectors");
    expect(await codeOf({ textualVectors: 3 })).toBe("alarm-vectors");
    expect(await codeOf({ visualVectors: 0 })).toBe("invalid-layout");
    expect(await codeOf({ segments: { seconds: 0 } })).toBe("invalid-layout");
    expect(await codeOf({ segments: "frame" }, 0)).toBe("no-frames");
    expect(() => tinyModel({ config: { alarmVectors: { visual: 0 } } })).toThrow(/alarmVectors\.visual/);
    const text = await tinyPrompt(model, "a dog", { frames: 0 });
    expect(text.alarms?.visual[0]).toHaveLength(3); // text alone still has every vector
  });
});

test.each(["qwen2-vl", "qwen2.5-vl"] as const)(
  "%s: alarms between pairs of frames move no other token",
  async (family) => {
    const model = tinyQwen(family, { alarmVectors: { visual: 2, textual: 1 } });
    const long = {
      visual: await model.encodeVideo(noiseVideo(40, 16, 24)),
      messages: [{ role: "user", content: "a dog" }],
    } as const;
    const alarmId = model.tokenizer.alarmIds.visual;
    const read = (segments: "video" | "frame") => {
      const prompt = model.preparePrompt({ ...long, alarmTokens: { segments } });
      const { ids, next } = rotaryPositions(prompt, model.config);
      const length = prompt.tokenIds.length;
      const at = (i: number): number[] => [0, 1, 2].map((axis) => ids[axis * length + i] as number);
      const others = [...prompt.tokenIds].flatMap((id, i) => (id === alarmId ? [] : [at(i)]));
      return { others, next, groups: prompt.alarms?.visual.map((group) => group.map(at)) ?? [], at, prompt };
    };
    const [paper, frames] = [read("video"), read("frame")];
    expect(frames.others).toEqual(paper.others);
    expect(frames.next).toBe(paper.next);
    expect(frames.groups.at(-1)).toEqual(paper.groups[0]);
    expect(frames.groups).toHaveLength(20);
    for (const [i, group] of frames.groups.entries()) {
      const first = frames.prompt.alarms?.visual[i]?.[0] as number;
      const visible = Array.from(frames.prompt.visualPositions).filter((position) => position < first);
      const largest = Math.max(...visible.flatMap(frames.at));
      expect(group).toEqual([1, 2].map((beyond) => new Array(3).fill(largest + beyond)));
    }
  },
);

describe("input embeddings", () => {
  test.each(FAMILIES)(
    "%s: vector j stands at the j-th token of every group, all else as without",
    async (_family, make) => {
      const model = make(SEVERAL);
      const opened = openHiddenStates(model);
      const layouts: (boolean | AlarmLayout)[] = [
        true,
        { segments: "frame" },
        { segments: { seconds: 2 }, visualVectors: 2 },
        false,
      ];
      const prompts = await Promise.all(layouts.map((layout) => ask(model, layout)));
      const samples = prompts.map((prompt) => model.prepareSample({ prompt }));
      const positions = prompts.map(({ tokenIds }) => Array.from(tokenIds, (_, i) => i));
      const states = await opened.hiddenStates(samples, { positions, layers: [0] });
      const d = model.hiddenSize;
      const tensor = (name: string): Float32Array => model.tensors.get(name)?.data as Float32Array;
      // The reference, in float64: the table's rows, then visual embeddings, then alarm vectors.
      const expected: number[] = [];
      for (const { tokenIds, visual, visualPositions, alarms } of prompts) {
        const rows = Array.from(tokenIds, (id) =>
          Float64Array.from(tensor("model.embed_tokens.weight").subarray(id * d, (id + 1) * d)),
        );
        const features = await model.visualEmbeddings(visual[0] as never);
        visualPositions.forEach((at, i) => {
          rows[at]?.set(features.subarray(i * d, (i + 1) * d));
        });
        const put = (group: readonly number[], vectors: Float32Array): void => {
          for (const [j, at] of group.entries()) rows[at]?.set(vectors.subarray(j * d, (j + 1) * d));
        };
        for (const group of alarms?.visual ?? []) put(group, tensor("visual_alarm_tokens"));
        put(alarms?.textual ?? [], tensor("textual_alarm_tokens"));
        for (const row of rows) expected.push(...row);
      }
      const found = states.get(0) as Float32Array;
      expect(found.length).toBe(expected.length);
      const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
      expect(worst).toBeLessThan(1e-5); // visual embeddings come from two sessions
      await opened.dispose();
      await model.dispose();
    },
  );

  test("gradients of every vector are central differences in float64, in a batch of unlike layouts", async () => {
    const model = tinyModel({ config: { alarmVectors: SEVERAL } });
    const prompts = [
      await ask(model, { segments: "frame" }, 3),
      await ask(model, { segments: { seconds: 2 }, visualVectors: 2, textualVectors: 1 }, 3),
      await tinyPrompt(model, "a dog", { frames: 0 }),
    ];
    const samples = prompts.map((prompt) => model.prepareSample({ prompt, completion: "yes" }));
    const store = new ParameterStore(model.tensors);
    const names = [...store.select(["alarmTokens"]).keys()];
    const embeddings = new Map(
      await Promise.all(
        prompts.flatMap(({ visual }) => visual).map(async (v) => [v, await model.visualEmbeddings(v)] as const),
      ),
    );
    const batch = collate(samples, 80, model.config, { embeddings: (v) => embeddings.get(v) as Float32Array });
    const context = { config: model.config, store, shape: batch.shape, dtype: "float64" as const };
    const view = buildAtSftGraph(context, batch.lossRows, names);
    expect(names).toEqual(["visual_alarm_tokens", "textual_alarm_tokens"]);
    const feeds = {
      ...batch.feeds,
      token_weights: new Float32Array(batch.lossRows).fill(1, 0, 6),
      token_normalizer: Float32Array.of(6),
      visual_labels: Float32Array.of(1, 0, 1),
      textual_labels: Float32Array.of(0, 1, 1),
      visual_label_mask: Float32Array.of(1, 1, 1),
      textual_label_mask: Float32Array.of(1, 1, 1),
      visual_normalizer: Float32Array.of(3),
      textual_normalizer: Float32Array.of(3),
      lambda_visual: Float32Array.of(0.7),
      lambda_textual: Float32Array.of(0.4),
    };
    // Twelve coordinates of each tensor: every row among them.
    const parameters = names.flatMap((name) => new Array<string>(12).fill(name));
    expect(await checkGradients({ graph: view.graph, parameters }, store, feeds)).toBeLessThan(1e-4);
    // Vectors that start alike are told apart by their places.
    for (const name of names) store.tensors.get(name)?.data.fill(0);
    const { gradients } = await model.atSftGradients(samples, {
      groups: ["alarmTokens"],
      lambdaVisual: 1,
      lambdaTextual: 1,
    });
    for (const [name, gradient] of gradients) {
      const rows = Array.from({ length: gradient.length / 32 }, (_, j) => `${gradient.subarray(j * 32, (j + 1) * 32)}`);
      expect([name, new Set(rows).size]).toEqual([name, rows.length]);
      expect(rows.every((row) => row !== `${new Float32Array(32)}`)).toBe(true);
    }
  });
});

describe("all paths see the same prompt", () => {
  test.each(FAMILIES)("%s: prefill, decoding and kept prefixes equal whole passes", async (_family, make) => {
    const model = make(SEVERAL);
    const visual = await model.encodeVideo(partlyStill(5));
    const prompt = (content: string, alarmTokens: boolean | AlarmLayout) =>
      model.preparePrompt({ messages: [{ role: "user", content }], visual, alarmTokens });
    const prompts = [
      prompt("a dog", { segments: "frame" }),
      prompt("what happens?", { segments: "frame" }),
      prompt("a dog", { segments: { seconds: 2 }, visualVectors: 2 }),
      prompt("a dog", true),
      prompt("a dog", false),
    ];
    const options = { maxCompletionLength: 5, temperature: 1, seed: 4, numGenerations: 2 };
    const policy = model.policy({ groups: ["alarmTokens"] });
    for (const reusePrefix of [false, true]) {
      const groups = await policy.generate(prompts, { ...options, reusePrefix });
      const items = groups.flatMap((group, i) =>
        group.map(({ tokenIds, logProbs }) => ({ prompt: prompts[i] as PreparedPrompt, tokenIds, logProbs })),
      );
      const scored = await policy.logProbs(items, { model: "policy" });
      items.forEach(({ logProbs }, i) => {
        logProbs.forEach((value, t) => {
          expect(Math.abs(value - (scored[i]?.[t] as number))).toBeLessThan(1e-5);
        });
      });
      expect(new Set(scored.map((values) => values[0]?.toFixed(4))).size).toBeGreaterThan(3); // the layouts do differ
    }
    await model.dispose();
  });

  test("the alarm after a segment sees the video up to it, and nothing after", async () => {
    const model = tinyModel();
    const opened = openHiddenStates(model);
    const [before, after] = [noiseVideo(4, 16, 24), noiseVideo(4, 16, 24)];
    after.frames.data.fill(200, 2 * 16 * 24 * 3); // frames 2 and 3 differ
    const samples = [];
    for (const video of [before, after]) {
      const visual = await model.encodeVideo(video);
      const messages = [{ role: "user", content: "a dog" }] as const;
      samples.push(
        model.prepareSample({ prompt: model.preparePrompt({ messages, visual, alarmTokens: { segments: "frame" } }) }),
      );
    }
    const positions = samples.map(({ prompt }) => prompt.alarms?.segments.map(({ position }) => position) ?? []);
    const states = (await opened.hiddenStates(samples, { positions })).get(opened.layerCount) as Float32Array;
    const d = model.hiddenSize;
    const distance = (t: number): number =>
      Math.max(
        ...Array.from({ length: d }, (_, j) =>
          Math.abs((states[t * d + j] as number) - (states[(4 + t) * d + j] as number)),
        ),
      );
    expect([0, 1].map(distance).every((gap) => gap < 1e-5)).toBe(true);
    expect([2, 3].map(distance).every((gap) => gap > 1e-2)).toBe(true);
    // The paper's heads read the last of them.
    const { visualHidden } = await model.alarmStates(samples);
    for (let j = 0; j < d; j++) expect(visualHidden[j]).toBeCloseTo(states[3 * d + j] as number, 4);
    await opened.dispose();
  });
});

describe("checkpoints", () => {
  test("a model of several vectors comes back as it was; the tensors say how many", async () => {
    const model = tinyModel({ config: { alarmVectors: SEVERAL } });
    const directory = await temporary();
    await saveVideoLlm(model, directory);
    const again = await loadVideoLlm(directory);
    expect(again.config).toEqual(model.config);
    expect(again.tensors.get("visual_alarm_tokens")?.dims).toEqual([3, 32]);
    for (const [name, { data }] of model.tensors) expect(again.tensors.get(name)?.data).toEqual(data);
    const layout = { segments: "frame" } as const;
    const sequence = async (of: VideoLlm) => ({ prompt: await ask(of, layout), completionIds: Int32Array.of(5, 9) });
    expect(await again.logits([await sequence(again)])).toEqual(await model.logits([await sequence(model)]));
    await expect(loadVideoLlm(directory, { alarmVectors: { visual: 1 } })).rejects.toMatchObject({
      code: "wrong-shape",
    });
  });

  test("checkpoints of the paper load with one vector; one without alarm tokens takes as many as are asked for", async () => {
    const model = tinyModel();
    const directory = await temporary();
    await saveVideoLlm(model, directory);
    expect((await loadVideoLlm(directory)).config.alarmVectors).toEqual({ visual: 1, textual: 1 });
    await expect(loadVideoLlm(directory, { alarmVectors: { visual: 2 } })).rejects.toMatchObject({
      code: "wrong-shape",
    });
    const { tensors } = await readSafetensors(directory);
    for (const name of [...tensors.keys()]) if (name.includes("alarm_tokens")) tensors.delete(name);
    await writeSafetensors(join(directory, "model.safetensors"), tensors);
    expect((await loadVideoLlm(directory)).config.alarmVectors).toEqual({ visual: 1, textual: 1 });
    const several = await loadVideoLlm(directory, { alarmVectors: { visual: 4 } });
    expect(several.config.alarmVectors).toEqual({ visual: 4, textual: 1 });
    expect(several.tensors.get("visual_alarm_tokens")).toMatchObject({ dims: [4, 32], data: new Float32Array(128) });
    await expect(loadVideoLlm(directory, { alarmVectors: { textual: 0 } })).rejects.toThrow(OptionsError);
  });

  test("an adapter carries the vectors in PEFT's layout, to a base that has as many", async () => {
    const model = tinyModel({ config: { alarmVectors: SEVERAL } });
    model.addLora({ rank: 2, alpha: 4 });
    for (const { data } of model.trainableParameters(["lora"]).values()) data.fill(0.03);
    model.parametersChanged();
    const directory = await temporary();
    await saveVideoLlm(model, directory, { adapterOnly: true });
    const { tensors } = await readSafetensors(join(directory, "adapter_model.safetensors"));
    expect(tensors.get("visual_alarm_tokens")?.dims).toEqual([3, 32]);
    const base = tinyModel({ config: { alarmVectors: SEVERAL } });
    for (const { data } of base.trainableParameters(["alarmTokens"]).values()) data.fill(0);
    await loadAdapter(base, directory);
    const sequence = async (of: VideoLlm) => ({
      prompt: await ask(of, { segments: "frame" }),
      completionIds: Int32Array.of(5),
    });
    const [expected, found] = [await model.logits([await sequence(model)]), await base.logits([await sequence(base)])];
    for (const [i, value] of (expected[0] as Float32Array).entries()) expect(found[0]?.[i]).toBeCloseTo(value, 5);
    await expect(loadAdapter(tinyModel(), directory)).rejects.toThrow(/load the base model with alarmVectors/);
  });

  test("a frozen base trains several vectors", async () => {
    const source = tinyModel({ config: { alarmVectors: SEVERAL } });
    const directory = await temporary();
    await saveVideoLlm(source, directory);
    const model = await loadVideoLlm(directory, { memoryMap: true });
    const prompt = await ask(model, { segments: "frame" });
    const sample = model.prepareSample({ prompt, completion: "yes", labels: { visual: 1, textual: 0 } });
    const options = { groups: ["alarmTokens"], lambdaVisual: 1, lambdaTextual: 1 } as const;
    const before = await model.atSftGradients([sample], options);
    for (const [name, { data }] of model.trainableParameters(["alarmTokens"]))
      before.gradients.get(name)?.forEach((value, i) => {
        data[i] = (data[i] as number) - 0.01 * value;
      });
    model.parametersChanged();
    expect((await model.atSftGradients([sample], options)).loss).toBeLessThan(before.loss);
    await model.dispose();
  });
});
