import { Graph, mul } from "@videosafety/onnx-autodiff";
import { afterEach, describe, expect, it, vi } from "vitest";
import { noiseVideo, tinyModel, tinyPrompt, tinyQwen } from "../../test/tiny.js";
import { GraphCache } from "../graph/graph-cache.js";
import type { GenerationOptions, VideoLlm, VisualFeatures } from "../index.js";
import { PrefixCache } from "./prefix-cache.js";

const QUERIES = ["what happens here?", "yes or no?", "a person walks a dog in the park. what happens here? yes"];
const ask = (
  model: VideoLlm,
  visual: VisualFeatures | readonly VisualFeatures[],
  content: string,
  alarmTokens = true,
) =>
  model.preparePrompt({
    messages: [
      {
        role: "user",
        content: Array.isArray(visual)
          ? [...visual.map(() => ({ type: "video" as const })), { type: "text" as const, text: content }]
          : content,
      },
    ],
    visual,
    alarmTokens,
  });
const greedy = { maxCompletionLength: 6, repetitionPenalty: 1.3 } satisfies GenerationOptions;
const REUSE = { ...greedy, reusePrefix: true };

/** Completions with reuse equal those without: ids exactly, log-probabilities to 1e-5. */
async function expectEqual(model: VideoLlm, prompts: Parameters<VideoLlm["generate"]>[0], options = {}) {
  const [plain, reused] = [
    await model.generate(prompts, { ...greedy, ...options }),
    await model.generate(prompts, { ...REUSE, ...options }),
  ];
  plain.forEach((group, p) => {
    group.forEach((completion, g) => {
      const other = reused[p]?.[g];
      expect(Array.from(other?.tokenIds ?? [])).toEqual(Array.from(completion.tokenIds));
      completion.logProbs.forEach((x, t) => {
        expect(Math.abs(x - (other?.logProbs[t] as number))).toBeLessThan(1e-5);
      });
    });
  });
  return plain;
}

afterEach(() => vi.restoreAllMocks());

describe("reusePrefix", () => {
  it.each([true, false])("answers about one video are those without it, alarm tokens %s", async (alarmTokens) => {
    const runs = vi.spyOn(GraphCache.prototype, "use");
    const model = tinyModel();
    const visual = await model.encodeVideo(noiseVideo(3, 16, 24));
    const answers: string[] = [];
    for (const query of [...QUERIES, ...QUERIES]) {
      const [[completion] = []] = await expectEqual(model, [ask(model, visual, query, alarmTokens)]);
      answers.push(`${completion?.logProbs}`);
    }
    expect(new Set(answers).size).toBe(QUERIES.length);
    expect(runs.mock.calls.filter(([key]) => key.startsWith("suffix|"))).toHaveLength(5);
    await model.dispose();
  });

  it.each(["qwen2-vl", "qwen2.5-vl"] as const)("%s: positions of three axes go on after the prefix", async (family) => {
    const model = tinyQwen(family);
    const visual = await model.encodeVideo(noiseVideo(4, 24, 40));
    for (const query of QUERIES) await expectEqual(model, [ask(model, visual, query)]);
    await model.dispose();
  });

  it("prompts of one call share prefixes: one video in several prompts, several videos, text alone", async () => {
    const model = tinyModel();
    const [one, two] = [
      await model.encodeVideo(noiseVideo(3, 16, 24, 1)),
      await model.encodeVideo(noiseVideo(2, 24, 16, 2)),
    ];
    const prompts = [
      ask(model, one, QUERIES[0] as string),
      ask(model, one, QUERIES[2] as string),
      ask(model, two, QUERIES[0] as string),
      await tinyPrompt(model, "a dog", { frames: 0 }),
      ask(model, [one, two], QUERIES[1] as string),
      ask(model, [two, one], QUERIES[1] as string),
    ];
    await expectEqual(model, prompts, { numGenerations: 2, temperature: 1, seed: 3 });
    await expectEqual(model, [...prompts].reverse());
    const texts = { plain: [] as number[], reused: [] as number[] };
    for await (const { tokenId } of model.stream(prompts[0] as never, greedy)) texts.plain.push(tokenId);
    for await (const { tokenId } of model.stream(prompts[0] as never, REUSE)) texts.reused.push(tokenId);
    expect(texts.reused).toEqual(texts.plain);
    await model.dispose();
  });

  it("a prefix is not used after the parameters changed, nor after adapters were added", async () => {
    const model = tinyModel();
    const visual = await model.encodeVideo(noiseVideo(2, 16, 24));
    const prompt = ask(model, visual, QUERIES[0] as string);
    const [[before] = []] = await expectEqual(model, [prompt]);
    const parameters = model.trainableParameters(["alarmTokens"]);
    for (const { data } of parameters.values()) data.fill(0.7);
    model.parametersChanged();
    const [[after] = []] = await expectEqual(model, [prompt]);
    expect(Array.from(after?.logProbs ?? [])).not.toEqual(Array.from(before?.logProbs ?? []));
    model.addLora({ rank: 2, alpha: 4 });
    for (const { data } of model.trainableParameters(["lora"]).values()) data.fill(0.05);
    model.parametersChanged();
    const [[adapted] = []] = await expectEqual(model, [prompt]);
    expect(Array.from(adapted?.logProbs ?? [])).not.toEqual(Array.from(after?.logProbs ?? []));
    await model.dispose();
  });

  it("a prefix larger than the limit is computed each time", async () => {
    const model = tinyModel({ prefixCacheBytes: 100 });
    const visual = await model.encodeVideo(noiseVideo(2, 16, 24));
    await expectEqual(model, [ask(model, visual, QUERIES[0] as string), ask(model, visual, QUERIES[1] as string)]);
    await model.dispose();
  });
});

describe("PrefixCache", () => {
  const prefix = (key: string) => ({ length: 1, key });
  const state = (floats: number) => ({ k: [new Float32Array(floats)], v: [new Float32Array(floats)] });

  it("drops the least recently used beyond its limit, and everything under other parameters", () => {
    const cache = new PrefixCache(8 * 30);
    cache.set(prefix("a"), 1, state(10));
    cache.set(prefix("b"), 1, state(10));
    cache.set(prefix("c"), 1, state(10));
    expect(cache.bytes).toBe(240);
    cache.get(prefix("a"), 1);
    cache.set(prefix("d"), 1, state(10));
    expect(["a", "b", "c", "d"].map((key) => cache.get(prefix(key), 1) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    cache.set(prefix("e"), 1, state(31));
    expect(cache.get(prefix("e"), 1)).toBeUndefined();
    expect(cache.bytes).toBe(240);
    cache.set(prefix("a"), 1, state(5));
    expect(cache.bytes).toBe(200);
    expect(cache.get(prefix("a"), 2)).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });
});

describe("GraphCache", () => {
  const plan = (factor: number) => () => {
    const graph = new Graph();
    graph.output("y", mul(graph.input("x", "float32", [2]), factor));
    return { graph, parameters: [] };
  };
  const feeds = { x: Float32Array.of(1, 2) };

  it("a graph evicted while calls use it is freed when the last is done", async () => {
    const cache = new GraphCache({}, 1);
    const gate = { open: () => {} };
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    const first = cache.use("a", plan(2), async (view) => {
      await opened; // meanwhile another key takes the only place
      const { y } = await view.session.run(feeds);
      return { y: Array.from(y?.data as Float32Array), view };
    });
    const second = await cache.use("b", plan(3), async (view) => (await view.session.run(feeds)).y?.data);
    expect(Array.from(second as Float32Array)).toEqual([3, 6]);
    gate.open();
    const { y, view } = await first;
    expect(y).toEqual([2, 4]);
    await expect(view.session.run(feeds)).rejects.toThrow("disposed");
  });

  it("many concurrent calls on a cache of one give what they would alone", async () => {
    const cache = new GraphCache({}, 1);
    const results = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        cache.use(`${i % 4}`, plan(i % 4), async (view) => {
          await new Promise((resolve) => setTimeout(resolve, i % 5));
          return Array.from((await view.session.run(feeds)).y?.data as Float32Array);
        }),
      ),
    );
    results.forEach((y, i) => {
      expect(y).toEqual([i % 4, 2 * (i % 4)]);
    });
    await cache.clear();
  });

  it("one large graph is kept at a time; a failed build is not kept", async () => {
    const cache = new GraphCache({}, 48);
    const old = await cache.use("a", plan(2), async (view) => view.session, true);
    await cache.use("b", plan(3), async (view) => view.session.run(feeds), true);
    await expect(old.run(feeds)).rejects.toThrow("disposed");
    const broken = () => {
      const graph = new Graph();
      graph.output("y", graph.op("NoSuchOp", [graph.input("x", "float32", [2])], { dtype: "float32", shape: [2] }));
      return { graph, parameters: [] };
    };
    await expect(cache.use("c", broken, async () => 1)).rejects.toThrow();
    expect(await cache.use("c", plan(1), async () => 1)).toBe(1);
    await cache.clear();
  });

  it("generations at once on a model whose cache holds one graph equal those one after another", async () => {
    const model = tinyModel({ maxGraphs: 1 });
    const prompts = [await tinyPrompt(model, "a dog", { frames: 0 }), await tinyPrompt(model, QUERIES[2] as string)];
    const run = (i: number) =>
      model.generate([prompts[i] as never], { ...greedy, numGenerations: i + 1, temperature: 1 });
    const alone = [await run(0), await run(1)];
    const together = await Promise.all([run(0), run(1)]);
    const ids = (results: typeof alone) => results.map((r) => r.map((g) => g.map((c) => `${c.tokenIds}`)));
    expect(ids(together)).toEqual(ids(alone));
    await model.dispose();
  });
});
