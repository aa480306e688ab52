import { expect, it } from "vitest";
import { lengthRewards, temporalRewards } from "./extra-rewards.js";

it("rewards right answers where the order of the frames helps, or costs at most a fifth", () => {
  expect(temporalRewards([1, 0, 0.05, null], [0, 0, 0, 0])).toEqual([0.3, 0, 0, 0]);
  expect(temporalRewards([0.8, 0.8], [1, 1])).toEqual([0.3, 0.3]);
  expect(temporalRewards([0.7, 0.8], [1, 1])).toEqual([0, 0]);
  expect(temporalRewards([0, 0], [0, 0])).toEqual([0, 0]);
});

it("rewards right answers of 320 to 512 tokens, given two right ones", () => {
  expect(lengthRewards([1, 1, 0, 1, null], [320, 512, 400, 513, 400])).toEqual([0.2, 0.2, 0, 0, 0]);
  expect(lengthRewards([1, 0], [400, 400])).toEqual([0, 0]);
});

it("refuses what it cannot judge", () => {
  expect(() => temporalRewards([Number.NaN], [1])).toThrow(expect.objectContaining({ code: "GRPO_DATA" }));
  expect(() => lengthRewards([1], [])).toThrow(expect.objectContaining({ code: "GRPO_DATA" }));
});
