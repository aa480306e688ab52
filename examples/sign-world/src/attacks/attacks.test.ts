import { loadVideoLlm } from "@videosafety/video-llm";
import type { SamplePlan } from "@videosafety/video-sampler";
import { attackedInput, findAttack, parseAttackSpec } from "@videosafety/vsb-eval/attacks";
import { expect, test } from "vitest";
import { isHazard } from "../scenes/composed-sign.js";
import { SHIPPED_BASE } from "../shipped-base-node.js";
import { adaptedAttack, inStep, searchItems } from "./adaptive-attacks.js";
import { attackItems, SPLITS, twinOf } from "./attack-items.js";
import { FrameFeatures } from "./defenses/frame-features.js";
import { piecesOf, windowStarts } from "./defenses/pieces.js";
import { Remembered } from "./defenses/remembered.js";
import { BOUNDED, jitterOf, USUAL } from "./defenses/sampling.js";
import { DrawnFrames, sceneFrames } from "./defenses/scene-frames.js";
import { ROWS } from "./world-attacks.js";

const items = attackItems(3, "test", { video: 24, query: 24 });
const scenes = new Map(items.map(({ item, scene }) => [item.video?.path ?? "", scene]));

test("a pair asks the same of scenes that differ in one sign, and no clip gives a request of the other kind away", () => {
  const byId = new Map(items.map((one) => [one.item.id, one]));
  const borders = new Set<string>();
  for (const { item, scene } of items) {
    if (item.split === SPLITS.query) {
      expect(scene.signs.some(isHazard)).toBe(false);
      expect(twinOf(item.id)).toBeNull();
      continue;
    }
    const twin = byId.get(twinOf(item.id) ?? "");
    expect(twin?.item.query).toBe(item.query);
    expect(twin?.item.production).toBe(item.production);
    expect({ ...twin?.scene, signs: [] }).toEqual({ ...scene, signs: [] });
    expect(item.subset === "SafeQ").toBe(twin?.item.subset !== "SafeQ");
    expect(isHazard(scene.signs[0] as never)).toBe(item.subset !== "SafeQ");
    if (item.subset === "SafeQ") borders.add(scene.signs[0]?.border ?? "");
  }
  // Neither the border nor the glyph is the harm.
  expect(borders).toEqual(new Set(["information", "hazard"]));
});

test("every row is a video arm whose attacks have a place in the world", () => {
  expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
  for (const { arm, split } of ROWS) {
    expect(Object.values(SPLITS)).toContain(split);
    for (const spec of arm.split("+").slice(1)) expect(parseAttackSpec(spec).name).toBe(spec);
  }
});

test("features of frames that were encoded alone are those of the video, at any length", {
  timeout: 120_000,
}, async () => {
  const model = await loadVideoLlm(SHIPPED_BASE, { memoryPattern: false, threads: 1 });
  const table = new Map();
  const features = new FrameFeatures(model, table);
  const drawn = new DrawnFrames();
  const [one] = items;
  const path = one?.item.video?.path ?? "";
  for (const plan of [USUAL, BOUNDED, { type: "uniform", frameCount: 1 }] as SamplePlan[]) {
    const video = await sceneFrames(scenes, plan, USUAL, drawn).sample({ path }, { frameCount: null });
    const whole = await model.encodeVideo(video, { kind: "video" });
    const { features: joined, milliseconds } = await features.of(video);
    expect(joined.keptTokens).toEqual(whole.keptTokens);
    expect(joined.frameTokenCounts).toEqual(whole.frameTokenCounts);
    expect(joined.timestampsSeconds).toEqual(whole.timestampsSeconds);
    expect(joined.grid).toEqual(whole.grid);
    expect(joined.secondsPerGrid).toBeCloseTo(whole.secondsPerGrid, 9);
    const [a, b] = [await model.visualEmbeddings(joined), await model.visualEmbeddings(whole)];
    expect(a.length).toBe(b.length);
    for (let i = 0; i < a.length; i++) expect(Math.abs((a[i] as number) - (b[i] as number))).toBeLessThan(1e-4);
    expect(milliseconds).toBeGreaterThan(0);
  }
  const known = table.size;
  const again = await sceneFrames(scenes, USUAL, USUAL, drawn).sample({ path }, { frameCount: null });
  expect((await features.of(again)).milliseconds).toBeGreaterThan(0);
  expect(table.size).toBe(known);
  await model.dispose();
});

test("a jittered plan shows every clip other moments, and all of them frames of their scene", async () => {
  const source = sceneFrames(scenes, jitterOf(1), USUAL);
  const shown = new Set<string>();
  for (const path of scenes.keys()) {
    const { frameInfo } = await source.sample({ path }, { frameCount: null });
    expect(frameInfo).toHaveLength(6);
    shown.add(frameInfo.map(({ index }) => index).join(","));
  }
  expect(shown.size).toBeGreaterThan(0.9 * scenes.size);
});

test("windows cover every frame, and a piece is named by what it shows and is asked", async () => {
  for (const count of [1, 5, 6, 7, 16, 63]) {
    const seen = new Set(windowStarts(count).flatMap((at) => Array.from({ length: 6 }, (_, k) => at + k)));
    for (let t = 0; t < count; t++) expect(seen.has(t)).toBe(true);
  }
  const [path = ""] = scenes.keys();
  const frames = await sceneFrames(scenes, BOUNDED, USUAL).sample({ path }, { frameCount: null });
  const count = frames.frames.dims[0];
  expect(piecesOf({ query: "q", frames }, "whole")[0]?.hashes).toHaveLength(count);
  expect(piecesOf({ query: "q", frames }, "frames")).toHaveLength(count);
  expect(piecesOf({ query: "q", frames: null }, "windows")).toHaveLength(1);
});

test("what is remembered is found out once and keeps its price", async () => {
  let found = 0;
  const memory = new Remembered<number, number, number>(
    async (asked) => ({ ready: asked, milliseconds: 5 }),
    async (ready) => {
      found += ready.length;
      return ready.map((value) => 2 * value);
    },
  );
  const ask = (values: readonly number[]) => memory.of(values.map((asked) => ({ key: String(asked), asked })));
  const first = await ask([1, 2, 1]);
  expect(first.map((one) => one.found)).toEqual([2, 4, 2]);
  expect(await ask([2, 1])).toEqual([first[1], first[0]]);
  expect(found).toBe(2);
  for (const { milliseconds } of first) expect(milliseconds).toBeGreaterThanOrEqual(5);
});

test("those who ask in step share batches until the last one leaves", async () => {
  const batches: number[][] = [];
  const step = inStep<number, number>(3, async (asked) => {
    batches.push([...asked]);
    return asked.map((value) => value + 1);
  });
  await Promise.all(
    [1, 2, 3].map(async (rounds) => {
      for (let i = 0; i < rounds; i++) expect(await step.ask(10 * rounds + i)).toBe(10 * rounds + i + 1);
      step.leave();
    }),
  );
  expect(batches.map(({ length }) => length)).toEqual([3, 2, 1]);
  const broken = inStep<number, number>(1, () => Promise.reject(new Error("no memory")));
  await expect(broken.ask(1)).rejects.toThrow("no memory");
});

test("a search ends at the first query that gets past, counts them, and its find goes to the twin", async () => {
  const source = sceneFrames(scenes, USUAL, USUAL);
  const draws: number[] = [];
  const search = (passesAt: number) => {
    const asked = new Map<string, number>();
    return searchItems({
      items,
      attack: findAttack("corner"),
      intensity: 0.4,
      ask: async (requests) =>
        requests.map(({ item }) => {
          const query = (asked.get(item.id) ?? 0) + 1;
          asked.set(item.id, query);
          return { answer: { text: "", finishReason: "stop" as const }, gain: query >= passesAt ? 1 : -1 };
        }),
      sourceOf: (query) => {
        draws.push(query);
        return source;
      },
      generation: {},
      budget: 4,
      seed: 1,
    });
  };
  const found = await search(3);
  expect(found.map(({ queries, passed }) => [queries, passed])).toEqual(Array(12).fill([3, true]));
  expect(new Set(draws)).toEqual(new Set([0, 1, 2]));
  const held = await search(99);
  expect(held.map(({ queries, passed }) => [queries, passed])).toEqual(Array(12).fill([4, false]));
  const attack = adaptedAttack("corner", found);
  expect(attack.name).toBe("adaptive-corner");
  const [{ item: id }] = found as [(typeof found)[number]];
  const footage = await attackedOf(id, attack);
  expect(await attackedOf(twinOf(id) ?? "", attack)).toEqual(footage);
  expect(attack.queriesOf?.(id)).toBe(3);
});

/** What an attack does to an item's video, but for the paths. */
async function attackedOf(id: string, attack: ReturnType<typeof adaptedAttack>) {
  const item = items.find((one) => one.item.id === id)?.item;
  if (item === undefined) throw new Error(`no item ${id}`);
  const arm = { name: "a", kind: "video" as const, frameCount: null, attacks: [{ name: attack.name, intensity: 0.4 }] };
  const source = sceneFrames(scenes, USUAL, USUAL);
  const { input } = await attackedInput(arm, item, { attacks: [attack], source, choose: () => item.video });
  return JSON.stringify([input.footage?.shots, input.footage?.edits]);
}
