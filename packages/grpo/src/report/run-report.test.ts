import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { TabularPolicy, targetScore } from "../../test/tabular-policy.js";
import { resolveGrpoConfig } from "../index.js";
import type { GrpoEvent } from "../training/events.js";
import type { RewardBatch } from "../training/rewards.js";
import { trainGrpo } from "../training/train-grpo.js";
import { curveSvg, shortNumber, ticks } from "./curve-svg.js";
import { charts, runReport, sampleLines } from "./run-report.js";

it("ticks are round and inside the range", () => {
  expect(ticks(0, 1)).toEqual([0, 0.5, 1]);
  expect(ticks(0, 10)).toEqual([0, 5, 10]);
  expect(ticks(-3, 3).length).toBeGreaterThanOrEqual(2);
});

it("short numbers keep three digits", () => {
  expect([0, 0.12345, 123.456, 1234567, 0.00001].map(shortNumber)).toEqual(["0", "0.123", "123", "1.2e+6", "1.0e-5"]);
});

it("a curve with gaps, without data, or with one point is still a chart", () => {
  const gap = curveSvg(
    [
      {
        name: "a",
        points: [
          [0, 1],
          [1, Number.NaN],
          [2, 3],
        ],
      },
    ],
    { title: "<T & co>" },
  );
  expect(gap.match(/ d="([^"]*)"/)?.[1]?.match(/M/g)).toHaveLength(2);
  expect(gap).toContain("&#60;T &#38; co&#62;");
  expect(gap).not.toContain("NaN");
  expect(curveSvg([], { title: "t" })).toContain("no data");
  expect(curveSvg([{ name: "a", points: [[3, 7]] }], { title: "t" })).not.toContain("NaN");
});

it("a run becomes one HTML file with curves, alarms, findings and escaped samples", async () => {
  const events: GrpoEvent[] = [];
  const config = resolveGrpoConfig({
    promptsPerRollout: 3,
    numGenerations: 8,
    maxCompletionLength: 3,
    numIterations: 2,
    beta: 0.04,
    learningRate: 0.1,
    maxSteps: 60,
  });
  const policy = new TabularPolicy(3, 5);
  const rewards = {
    target: (batch: RewardBatch<{ prompt: number }>) =>
      batch.completions.map((c, i) => targetScore(batch.examples[i]?.prompt ?? 0, c)),
    brief: (batch: RewardBatch<{ prompt: number }>) => batch.completions.map((c) => (c.tokenIds.length < 3 ? 0.1 : 0)),
  };
  for await (const event of trainGrpo({ policy, data: [{ prompt: 0 }, { prompt: 1 }, { prompt: 2 }], rewards, config }))
    events.push(
      event.type === "rewards"
        ? { ...event, samples: event.samples.map((s) => ({ ...s, completion: `<b>${s.completion}` })) }
        : event,
    );
  const html = runReport(events, { title: "Tabular <run>", config });
  expect(html).toContain("<title>Tabular &#60;run&#62;</title>");
  expect(html.match(/<svg/g)).toHaveLength(charts(events).length);
  expect(html).toContain("kl-on-dead-groups");
  expect(html).toContain("&#60;b&#62;");
  expect(html).not.toMatch(/<script|NaN|undefined/);
  const scored = events.find((event) => event.type === "rewards");
  const lines = scored?.type === "rewards" ? sampleLines(scored).trimEnd().split("\n") : [];
  expect(lines).toHaveLength(24);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ step: 0, rollout: 0, generation: 0 });
  if (process.env.GRPO_REPORT) writeFileSync(process.env.GRPO_REPORT, html);
});
