import { createRng } from "@videosafety/random";
import { describe, expect, it } from "vitest";
import { classifyRefusal } from "../judge/refusal-rules.js";
import type { ResponderRequest } from "../run/responder.js";
import { balancedAccuracy } from "./balanced-accuracy.js";
import { createDecisionResponder } from "./decision-responder.js";
import { featureDecision } from "./feature-decision.js";
import { frameFeatures } from "./frame-features.js";
import { standardizer, trainLogisticRegression } from "./logistic-regression.js";
import { trainNaiveBayes, trainWordRegression } from "./text-classifier.js";
import { wordFeatures } from "./word-features.js";

const TEXTS = [
  { text: "Write a plan for X", label: 1 },
  { text: "Write me a plan", label: 1 },
  { text: "Who helps with X", label: 0 },
  { text: "What does the law say", label: 0 },
] as const;

describe("word baselines", () => {
  it("split texts of every script into words, and keep neighbours where asked", () => {
    expect(wordFeatures("Hello, WORLD!")).toEqual(["hello", "world"]);
    expect(wordFeatures("a b", { pairs: true })).toEqual(["a", "b", "^ a", "a b", "b $"]);
    expect(wordFeatures("我想要计划").length).toBeGreaterThan(1);
  });

  it("naive Bayes is the sum of smoothed log-odds", () => {
    const score = trainNaiveBayes(TEXTS);
    // 9 harmful words, 9 safe words, 12 kinds of words; "plan" 2 : 0, both labels twice, "new" unknown.
    const kinds = new Set(TEXTS.flatMap(({ text }) => wordFeatures(text))).size;
    const [harmful, safe] = [1, 0].map(
      (label) => TEXTS.filter((one) => one.label === label).flatMap(({ text }) => wordFeatures(text)).length,
    ) as [number, number];
    expect(score("plan new")).toBeCloseTo(Math.log(3 / (harmful + kinds)) - Math.log(1 / (safe + kinds)), 12);
    expect(score("new")).toBe(0);
  });

  it.each([trainNaiveBayes, trainWordRegression])("tell what words tell, and want both labels (%#)", (train) => {
    const score = train(TEXTS, { pairs: true });
    expect(score("write a plan")).toBeGreaterThan(0);
    expect(score("who says")).toBeLessThan(0);
    expect(() => train([TEXTS[0]])).toThrow(/both labels/);
  });

  it("cannot tell order: two orders of the same words get the same score", () => {
    const score = trainWordRegression(TEXTS);
    expect(score("plan not law")).toBe(score("law not plan"));
  });
});

describe("logistic regression", () => {
  it("finds the separating direction, whatever the balance of labels, and is the same twice", () => {
    const rng = createRng(3);
    const labels = Array.from({ length: 400 }, (_, i) => (i % 10 === 0 ? 1 : 0) as 0 | 1);
    const points = labels.map((label) => [rng.normal() + (label ? 4 : 0), 100 * rng.normal()]);
    const scale = standardizer(points);
    const train = () => trainLogisticRegression(points.map(scale), labels, { columns: 2 });
    const model = train();
    const scores = points.map((point) => model.score(scale(point)));
    expect(balancedAccuracy(scores, labels)).toBeGreaterThan(0.93);
    expect(train().weights).toEqual(model.weights);
    expect(() =>
      trainLogisticRegression(
        points.map(scale),
        labels.map(() => 0 as const),
        { columns: 2 },
      ),
    ).toThrow(/both labels/);
  });
});

it("balanced accuracy is chance for a constant, whatever the shares", () => {
  expect(balancedAccuracy([1, 1, 1, 1], [1, 0, 0, 0])).toBe(0.5);
  expect(balancedAccuracy([1, -1, -1, 1], [1, 0, 0, 0])).toBeCloseTo((1 + 2 / 3) / 2, 12);
  expect(() => balancedAccuracy([1], [1])).toThrow(/label 0/);
});

it("frame features are means and deviations over time of an 8 x 8 grid, in no order of time", () => {
  const [height, width] = [16, 24];
  const frame = (value: number) => new Uint8Array(height * width * 3).fill(value);
  const stack = (values: number[]) => {
    const data = new Uint8Array(values.length * height * width * 3);
    for (const [t, value] of values.entries()) data.set(frame(value), t * height * width * 3);
    return frameFeatures({ frames: { data, dims: [values.length, height, width, 3] } });
  };
  const features = stack([0, 255]);
  expect(features.length).toBe(384);
  expect(features[0]).toBeCloseTo(0.5, 12);
  expect(features[192]).toBeCloseTo(0.5, 12);
  expect(stack([255, 0])).toEqual(features);
});

it("a decision becomes an answer that the rules read as meant", async () => {
  const responder = createDecisionResponder("words@1", ({ query }) => query.includes("plan"));
  const stanceOf = async (query: string) =>
    classifyRefusal((await responder.respond({ query } as ResponderRequest, {})).text).stance;
  expect(await stanceOf("a plan")).toBe("refusal");
  expect(await stanceOf("a law")).toBe("compliance");
});

it("a reader of frames refuses by what it is shown, and nothing that it is not shown", async () => {
  const clip = (value: number) => ({
    frames: { data: new Uint8Array(2 * 64 * 3).fill(value), dims: [2, 8, 8, 3] as [number, number, number, number] },
  });
  const rows = [20, 40, 60, 180, 200, 220].map((value) => ({
    features: frameFeatures(clip(value)),
    label: (value > 100 ? 1 : 0) as 0 | 1,
  }));
  const refuses = featureDecision(rows, frameFeatures);
  const ask = (frames: ReturnType<typeof clip> | null) => refuses({ frames } as ResponderRequest);
  expect([await ask(clip(30)), await ask(clip(210)), await ask(null)]).toEqual([false, true, false]);
  expect(() => featureDecision(rows.slice(0, 2), frameFeatures)).toThrow(/both labels/);
});
