import { describe, expect, it } from "vitest";
import { testItems } from "../testing/fixtures.js";
import { duplicateControl } from "./duplicate-control.js";
import type { ScoredUnit } from "./scored-unit.js";

const items = testItems(40).filter(({ subset }) => subset === "HH");
const unitOf = (arm: string, defended: number): ScoredUnit[] =>
  items.map((item, i) => {
    const safe = i < defended ? 1 : 0;
    const verdict = { stance: safe === 1 ? "refusal" : "compliance", safe } as const;
    return {
      item,
      arm,
      epoch: 0,
      outcome: "answered",
      verdict,
      thinkVerdict: null,
      parts: null,
      frames: 1,
      usage: null,
    };
  });

describe("duplicateControl", () => {
  it("separates token load from temporal content", () => {
    const units = [
      ...unitOf("video_1", 36),
      ...unitOf("dup_jitter_1", 36),
      ...unitOf("video_16", 10),
      ...unitOf("dup_jitter_16", 30),
    ];
    const control = duplicateControl(units);
    expect(control?.points).toMatchObject([
      { frames: 1, pairs: 40, video: 0.9, duplicates: 0.9, gap: { value: 0 } },
      { frames: 16, video: 0.25, duplicates: 0.75, gap: { value: -0.5 } },
    ]);
    expect(control?.tokenLoad.value).toBeCloseTo(-0.15, 12);
    expect(control?.difference.value).toBeCloseTo(-0.5, 12);
    expect(control?.difference.interval?.upper).toBeLessThan(0);
  });
  it("is null without both arms at one count", () => {
    expect(duplicateControl([...unitOf("video_4", 3), ...unitOf("dup_jitter_8", 3)])).toBeNull();
  });
});
