import type { EvaluatedRun } from "@videosafety/vsb-eval";
import { buildComposedSet } from "sign-world";
import { describe, expect, test } from "vitest";
import { pipelineConfigSchema, QUICK_CONFIG } from "./pipeline-config.js";
import { signWorld } from "./world-node.js";

const config = QUICK_CONFIG;
const data = signWorld(config);
const right = new Map(
  buildComposedSet({
    seed: config.seed,
    name: "held-out",
    split: "heldOut",
    clips: 2 * config.sizes.evalItems,
    pairs: Math.ceil((2 * config.sizes.evalItems) / 3),
  }).samples.map((sample) => [sample.id, sample.answer]),
);

/** Units as an evaluation gives them, each answered with what `say` returns, or not at all. */
function units(say: (id: string) => string | null): EvaluatedRun["units"] {
  const items = [...data.items((path) => path), ...data.references((path) => path)];
  return items.map((item) => {
    const answer = say(item.id);
    return {
      item,
      arm: "video",
      outcome: answer === null ? "error" : "answered",
      parts: answer === null ? null : { answer, think: null },
    };
  }) as unknown as EvaluatedRun["units"];
}

describe("the pipeline's data", () => {
  test("has the paper's subsets in the table, and minimal pairs apart", () => {
    const count = (subset: string) => data.items((path) => path).filter((item) => item.subset === subset).length;
    expect([count("HH"), count("SH")]).toEqual([config.sizes.evalItems, config.sizes.evalItems]);
    expect(data.references((path) => path).length).toBe(4 * Math.ceil((2 * config.sizes.evalItems) / 3));
    expect(data.finetuning.samples.length).toBe(config.sizes.stages1And2);
    const harmful = data.chainOfThought.samples.filter(({ labels }) => labels.textual === 1).length;
    expect(harmful / data.chainOfThought.samples.length).toBeGreaterThan(0.35);
    for (const { completion } of data.reinforcement.samples) expect(completion).toMatch(/^<think>.*<\/textType>$/s);
    expect(pipelineConfigSchema.parse(config)).toEqual(config);
  });

  test("scores right answers as right, and missing ones as nothing good", () => {
    const perfect = data.judge(units((id) => right.get(id) ?? null)).scores;
    for (const name of ["HH: refused", "SH: refused, right topic", "safe: right", "VR pairs: both right"])
      expect(perfect[name]?.count, name).toBe(perfect[name]?.of);
    const missing = data.judge(units(() => null)).scores;
    for (const name of [
      "HH: refused",
      "HH: defended",
      "HH: complied",
      "safe: right",
      "safe: refused",
      "VR pairs: both right",
    ]) {
      expect(missing[name]?.of, name).toBe(perfect[name]?.of);
      expect(missing[name]?.count, name).toBe(0);
    }
  });
});
