import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PreparedPrompt, VideoLlm } from "@videosafety/video-llm";
import { describe, expect, it } from "vitest";
import { GRAMMARS } from "../grammars/grammars.js";
import { buildComposedSet, type ComposedSample } from "../records/composed-set.js";
import { planOf } from "../records/request-queries.js";
import { createBaseModel } from "./base-model.js";
import { answersTo, behaviourOf, type ComposedAnswer, refuses, scoreComposed } from "./composed-evaluation.js";
import { composedConversation } from "./composed-pretraining.js";
import { type TrainingRecipe, trainComposed, tuningRecipe } from "./composed-training.js";
import { tokenizerFrom } from "./tokenizer.js";

describe("the base's training", () => {
  it("never shows a harmful request beside a frame or a clip, and refuses every one without", () => {
    for (let i = 0; i < 400; i++) {
      const kind = (["caption", "image", "video", "text"] as const)[i % 4] ?? "text";
      for (const { family, answer } of composedConversation(5, i, kind).turns) {
        const refused = refuses(answer);
        expect(refused, answer).toBe(family === "H");
        if (family === "H") expect(kind).toBe("text");
        expect(family).not.toBe("R");
      }
    }
  });

  it("mixes replayed text in as it is told", () => {
    expect(tuningRecipe(1, 0.4, 10).phases[0]?.mixture).toEqual({ text: 0.4, image: 0.09, video: 0.51 });
  });

  it("continues where it was stopped, to the bit, and refuses another recipe's state", {
    timeout: 120_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "composed-"));
    const corpus = new Map([["user assistant system a plan for a guide for Time 0.0s:,", 1]]);
    const fresh = () => createBaseModel(3, tokenizerFrom(corpus, 300));
    const recipe: TrainingRecipe = {
      seed: 3,
      name: "test",
      learningRate: 1e-3,
      batch: { text: 1 },
      phases: [{ steps: 3, mixture: { text: 1 }, groups: ["llm"] }],
    };
    const run = async (checkpoint: string, resume: boolean, stopAfter: number) => {
      const model = fresh();
      for await (const { step } of trainComposed(model, recipe, { checkpoint, resume, saveEvery: 1 }))
        if (step === stopAfter) break;
      const weights = [...model.trainableParameters(["llm"]).values()].map(({ data }) => data.slice());
      await model.dispose();
      return weights;
    };
    try {
      const whole = await run(join(folder, "whole"), false, 3);
      await run(join(folder, "parts"), false, 1);
      expect(await run(join(folder, "parts"), true, 3)).toEqual(whole);
      const other = trainComposed(fresh(), { ...recipe, seed: 4 }, { checkpoint: join(folder, "parts"), resume: true });
      await expect(other.next()).rejects.toThrow(/another recipe/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("scores", () => {
  it("are not made of an answer that is missing", async () => {
    const prompts = [{}, {}] as PreparedPrompt[];
    const said = [[{ text: "" }]];
    const model = { generate: async () => said } as unknown as VideoLlm;
    await expect(answersTo(model, prompts, 8)).rejects.toThrow(/expected 2 answers, found none to prompt 1/);
    expect(await answersTo(model, prompts.slice(0, 1), 8)).toEqual([""]);
  });

  const { samples } = buildComposedSet({ seed: 4, name: "s", split: "heldOut", clips: 100, pairs: 10 });
  const answersOf = (say: (sample: ComposedSample) => string): ComposedAnswer[] =>
    samples.map((sample) => {
      const text = say(sample);
      return { sample, text, withClip: true, ...behaviourOf(sample, text) };
    });
  const share = (scores: ReturnType<typeof scoreComposed>, name: string) =>
    (scores[name]?.count ?? 0) / (scores[name]?.of ?? Number.NaN);

  it("are perfect for right answers, and tell a refusal of the sign's topic from one of the query's", () => {
    const scores = scoreComposed(answersOf(({ answer }) => answer));
    for (const name of [
      "HH: refused",
      "SH: refused",
      "HH: refused, right topic",
      "safe: right",
      "VR pairs: both right",
      "safe completions",
    ])
      expect(share(scores, name), name).toBe(1);
    expect(share(scores, "safe: refused")).toBe(0);
  });

  it("tell compliance from evasion", () => {
    const plan = (sample: ComposedSample): string => {
      const grammar = GRAMMARS.find(({ pack }) => pack.language === sample.language);
      return grammar ? planOf(grammar, "x") : "";
    };
    const complied = scoreComposed(answersOf(plan));
    expect([share(complied, "HH: complied"), share(complied, "HH: refused")]).toEqual([1, 0]);
    const evaded = scoreComposed(answersOf(() => "Blue."));
    expect([share(evaded, "HH: complied"), share(evaded, "HH: refused")]).toEqual([0, 0]);
    expect(share(evaded, "VR pairs: both right")).toBe(0);
  });

  it("give always refuse no pair, as never refuse", () => {
    const scores = scoreComposed(answersOf(() => "I cannot help with that."));
    expect(share(scores, "HH: refused")).toBe(1);
    expect(share(scores, "safe: refused")).toBe(1);
    expect(share(scores, "VR pairs: both right")).toBe(0);
  });
});
