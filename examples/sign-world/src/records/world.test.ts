import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DEFAULT_LANGUAGES,
  evalItemSchema,
  grpoSampleFromRecord,
  isCanonicalCompletion,
  sftSampleFromRecord,
  taxonomyLeaves,
  VSE_ASSUMED_V1,
} from "@videosafety/safety-data";
import { sampleFrames } from "@videosafety/video-sampler";
import { describe, expect, it } from "vitest";
import { pretrainingSample } from "../base/pretraining.js";
import { writeClips } from "../clips/clips-node.js";
import { openClipEncoder } from "../clips/encoder-node.js";
import { CLIP_SIZE, createScene, isHarmful, renderScene, SAMPLED_FRAMES } from "../clips/scene.js";
import { type LanguagePack, TOPIC_QUESTIONS, VIDEO_QUESTIONS } from "../languages/language-pack.js";
import { LANGUAGE_PACKS } from "../languages/language-packs.js";
import { videoAnswer } from "../languages/phrases.js";
import { HAZARD_SIGNS } from "../signs/hazard-signs.js";
import {
  buildSet,
  cotRecords,
  DEFAULT_EVAL_COUNTS,
  evalItems,
  grpoRecords,
  MEDIA_TOPICS,
  sftRecords,
  trainingCounts,
} from "./datasets.js";
import { datasheet } from "./datasheet.js";

const LEAVES = taxonomyLeaves(VSE_ASSUMED_V1);
const none = { hh: 0, sh: 0, harmfulText: 0, safeQ: 0, safeQHarmfulVideo: 0, safeText: 0 };

describe("scenes", () => {
  it("are a function of their seed, and different seeds differ", () => {
    const [a, b, c] = ["x", "x", "y"].map((seed) => renderScene(createScene(seed, { hazard: 3 }), [24])[0]);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it("show a hazard sign in two sampled frames at least and keep objects inside the picture", () => {
    for (let i = 0; i < 300; i++) {
      const scene = createScene(`p${i}`, { hazard: i % 19, objects: i % 5 === 0 ? 2 : 1 });
      const sign = scene.sign as NonNullable<typeof scene.sign>;
      expect(SAMPLED_FRAMES.filter((f) => f >= sign.startFrame && f < sign.endFrame).length).toBeGreaterThanOrEqual(2);
      expect(sign.size).toBeGreaterThanOrEqual(44);
      for (const start of sign.corner) expect(start + sign.size).toBeLessThanOrEqual(CLIP_SIZE);
      for (const { start, speed, direction, size } of scene.objects) {
        const forward = direction === "right" || direction === "down" ? 1 : -1;
        const end = start[direction === "left" || direction === "right" ? 0 : 1] + forward * speed * 47;
        expect(Math.min(end, ...start)).toBeGreaterThanOrEqual(size / 2);
        expect(Math.max(end, ...start)).toBeLessThanOrEqual(CLIP_SIZE - size / 2);
      }
    }
  });

  it("have one distinct sign a subcategory", () => {
    expect(HAZARD_SIGNS.length).toBe(LEAVES.length);
    expect(new Set(HAZARD_SIGNS.map(({ border, face }) => `${border} ${face}`)).size).toBe(LEAVES.length);
    expect(new Set(HAZARD_SIGNS.map(({ glyph }) => JSON.stringify(glyph))).size).toBe(LEAVES.length);
  });
});

describe("languages", () => {
  const templates = (pack: LanguagePack, split: "train" | "heldOut"): string[] => [
    ...pack.harmful[split],
    ...TOPIC_QUESTIONS.flatMap((kind) => pack.topic[kind][split]),
    ...VIDEO_QUESTIONS.flatMap((kind) => pack.video[kind][split]),
    ...pack.general.flatMap((question) => question[split]),
  ];

  it("are the default ones, each with a name for every subcategory", () => {
    expect(LANGUAGE_PACKS.map(({ language }) => language)).toEqual([...DEFAULT_LANGUAGES]);
    for (const pack of LANGUAGE_PACKS) expect(new Set(pack.topics).size).toBe(LEAVES.length);
  });

  it.each(LANGUAGE_PACKS)("keep held-out templates out of training: $language", (pack) => {
    const train = new Set(templates(pack, "train"));
    const heldOut = templates(pack, "heldOut");
    expect(heldOut.filter((template) => train.has(template))).toEqual([]);
    expect(new Set(heldOut).size).toBe(heldOut.length);
    expect(pack.harmful.train.length + pack.harmful.heldOut.length).toBeGreaterThanOrEqual(8);
    for (const template of [...pack.harmful.train, ...pack.harmful.heldOut]) expect(template).toContain("{topic}");
  });

  it("answer from the scene's truth, every placeholder filled", () => {
    const en = LANGUAGE_PACKS[0] as LanguagePack;
    const scene = createScene("truth", { hazard: 4 });
    const object = scene.objects[0];
    expect(videoAnswer(en, "describe", scene)).toBe(`A ${object?.colour} ${object?.shape} moves ${object?.direction}.`);
    expect(videoAnswer(en, "sign", scene)).toBe("Yes, a hazard sign: illegal drugs.");
    for (const pack of LANGUAGE_PACKS) {
      for (let i = 0; i < 40; i++) {
        const drawn = createScene(`d${i}`, { hazard: i % 3 ? null : 2, harmless: i % 2 === 0, objects: i % 4 ? 1 : 2 });
        for (const question of VIDEO_QUESTIONS) expect(videoAnswer(pack, question, drawn)).not.toMatch(/[{}]/);
      }
    }
  });
});

describe("sets", () => {
  it("cover subcategories and languages evenly in the default evaluation", () => {
    const items = evalItems(buildSet({ seed: 1, name: "eval", split: "heldOut", counts: DEFAULT_EVAL_COUNTS }));
    for (const subset of ["HH", "SH"] as const) {
      const part = items.filter((item) => item.subset === subset);
      expect(part.length).toBe(95);
      for (const { subcategory } of LEAVES)
        expect(part.filter((item) => item.subcategory === subcategory.id).length).toBe(5);
      for (const language of DEFAULT_LANGUAGES) {
        const n = part.filter((item) => item.language === language).length;
        expect(n === 9 || n === 10).toBe(true);
      }
    }
    expect(items.filter((item) => item.subset === "SafeQ").length).toBe(95);
    for (const item of items) evalItemSchema.parse(item);
  });

  it("never show a sign of child safety", () => {
    const childSafety = LEAVES.findIndex(({ subcategory }) => subcategory.textOnly);
    expect(MEDIA_TOPICS).not.toContain(childSafety);
    const { samples } = buildSet({
      seed: 2,
      name: "t",
      split: "train",
      counts: { ...none, hh: 190, safeQHarmfulVideo: 190 },
    });
    for (const { clip } of samples) {
      const kind = clip?.scene.sign?.kind;
      expect(kind && "hazard" in kind ? kind.hazard : null).not.toBe(childSafety);
      expect(clip && isHarmful(clip.scene)).toBe(true);
    }
    expect(samples.filter(({ topic, harm }) => topic === childSafety && harm !== null).length).toBe(10);
  });

  it("share no clip and no query template between training and evaluation", () => {
    const heldOut = buildSet({ seed: 3, name: "held-out", split: "heldOut", counts: DEFAULT_EVAL_COUNTS });
    const training = buildSet({
      seed: 3,
      name: "training",
      split: "train",
      counts: trainingCounts(800),
      samplesPerClip: 2,
    });
    const trained = new Set(training.clips.map(({ scene }) => scene.seed));
    expect(heldOut.clips.filter(({ scene }) => trained.has(scene.seed))).toEqual([]);
    const queries = new Set(training.samples.map(({ query }) => query));
    expect(heldOut.samples.filter(({ query }) => queries.has(query))).toEqual([]);
    const sheet = datasheet({ training, "held-out": heldOut }, 3);
    expect(sheet).toContain(`| training | 800 | ${training.clips.length} |`);
    expect(sheet).toContain(`| held-out | 285 | ${heldOut.clips.length} |`);
  });

  it("give records that safety-data reads back, with labels of the clip and the query", () => {
    const set = buildSet({ seed: 4, name: "r", split: "train", counts: trainingCounts(100) });
    sftRecords(set).forEach((record, i) => {
      const sample = set.samples[i];
      expect(sftSampleFromRecord(record).labels).toEqual({
        visual: sample?.clip && isHarmful(sample.clip.scene) ? 1 : 0,
        textual: sample?.harm === null ? 0 : 1,
      });
    });
    for (const record of cotRecords(set))
      expect(isCanonicalCompletion(record.conversations[1]?.value ?? "")).toBe(true);
    const rl = buildSet({ seed: 4, name: "rl", split: "train", counts: trainingCounts(50, false) });
    for (const record of grpoRecords(rl)) expect(grpoSampleFromRecord(record).problemType).toBe("free-form-and-choice");
    expect(() => grpoRecords(set)).toThrow(/text only/);
  });

  it("let the base model refuse harm in text and comply only with a video", () => {
    for (let i = 0; i < 200; i++) {
      const kind = (["caption", "image", "video", "text"] as const)[i % 4] as "video";
      for (const { answer } of pretrainingSample(5, i, kind).turns)
        if (answer.includes("[")) expect(kind).toBe("video");
    }
  });
});

describe("clips", () => {
  it("decode to the rendered frames, and are equal bytes for an equal seed", { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "world-"));
    try {
      const { clips } = buildSet({ seed: 6, name: "c", split: "train", counts: { ...none, hh: 2, sh: 2 } });
      const progress: number[] = [];
      await writeClips(join(folder, "a"), clips, { onProgress: (done) => progress.push(done) });
      await writeClips(join(folder, "b"), clips);
      expect(progress).toEqual([1, 2, 3, 4]);
      for (const { path, scene } of clips) {
        const [a, b] = await Promise.all(["a", "b"].map((run) => readFile(join(folder, run, path))));
        expect(a?.equals(b as Buffer)).toBe(true);
        const decoded = await sampleFrames(join(folder, "a", path), { type: "videollama3-reference", fps: 1 });
        expect(decoded.frames.dims).toEqual([6, CLIP_SIZE, CLIP_SIZE, 3]);
        const size = CLIP_SIZE * CLIP_SIZE * 3;
        renderScene(scene, SAMPLED_FRAMES).forEach((rgb, t) => {
          const frame = decoded.frames.data.subarray(t * size, (t + 1) * size);
          const error = rgb.reduce((sum, value, i) => sum + Math.abs(value - (frame[i] as number)), 0) / size;
          expect(error).toBeLessThan(4);
        });
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("say in one line what is wrong when a clip cannot be written", async () => {
    const [clip] = buildSet({ seed: 6, name: "c", split: "train", counts: { ...none, hh: 1 } }).clips;
    const encoder = await openClipEncoder();
    const options = { path: "/nowhere/at/all.mp4", width: CLIP_SIZE, height: CLIP_SIZE, fps: 8 };
    const failed = encoder.encode(renderScene((clip as NonNullable<typeof clip>).scene, [0]), options);
    await expect(failed).rejects.toMatchObject({
      code: "ENCODING_FAILED",
      message: expect.stringContaining("/nowhere/at/all.mp4"),
    });
  });
});
