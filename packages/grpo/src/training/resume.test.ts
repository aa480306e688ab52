import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { TabularPolicy, targetScore } from "../../test/tabular-policy.js";
import type { GrpoOptions } from "../index.js";
import { latestCheckpoint, type TrainGrpoOptions } from "../train.js";
import type { GrpoEvent, UpdateEvent } from "./events.js";
import type { RewardBatch } from "./rewards.js";
import { trainGrpo } from "./train-grpo.js";

const root = mkdtempSync(join(tmpdir(), "grpo-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Row {
  readonly prompt: number;
}
const data: readonly Row[] = [{ prompt: 0 }, { prompt: 1 }, { prompt: 2 }];
const rewards = {
  target: (batch: RewardBatch<Row>) => batch.completions.map((c, i) => targetScore(batch.examples[i]?.prompt ?? 0, c)),
};
const quick: GrpoOptions = {
  promptsPerRollout: 3,
  numGenerations: 16,
  maxCompletionLength: 3,
  learningRate: 0.1,
  lrSchedulerType: "constant",
  maxSteps: 100,
};

async function collect(events: AsyncIterable<GrpoEvent>): Promise<GrpoEvent[]> {
  const all: GrpoEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("a resumed run", () => {
  it.each<[string, GrpoOptions]>([
    ["on-policy", {}],
    ["in the middle of a rollout", { numIterations: 2, updatesPerRollout: 3, beta: 0.04 }],
    ["with a rollout waiting", { rolloutLag: 2 }],
  ])("resumes exactly: %s", async (name, options) => {
    const config: GrpoOptions = { ...quick, ...options, maxSteps: 11 };
    const whole = new TabularPolicy(3, 5);
    const expected = await collect(trainGrpo({ policy: whole, data, rewards, config }));
    const first = new TabularPolicy(3, 5);
    const checkpointDirectory = join(root, name);
    for await (const event of trainGrpo({
      policy: first,
      data,
      rewards,
      checkpointDirectory,
      config: { ...config, saveSteps: 4 },
    }))
      if (event.type === "checkpoint") break;
    const resumed = new TabularPolicy(3, 5);
    const resumeFrom = await latestCheckpoint(checkpointDirectory);
    const rest = await collect(trainGrpo({ policy: resumed, data, rewards, config, resumeFrom }));
    expect([...resumed.logits]).toEqual([...whole.logits]);
    const losses = (events: GrpoEvent[]) =>
      events.filter((e): e is UpdateEvent => e.type === "update").map((e) => e.loss);
    expect(losses(rest)).toEqual(losses(expected).slice(4));
  });

  it("refuses to resume with another model, recipe, reward or data by name, and lets a run be prolonged", async () => {
    const checkpointDirectory = join(root, "refuse");
    const config: GrpoOptions = { ...quick, maxSteps: 2 };
    await collect(trainGrpo({ policy: new TabularPolicy(3, 5), data, rewards, config, checkpointDirectory }));
    const resumeFrom = await latestCheckpoint(checkpointDirectory);
    const resume = (change: GrpoOptions, other: Partial<TrainGrpoOptions<number, Row>> = {}) =>
      collect(
        trainGrpo({
          policy: new TabularPolicy(3, 5),
          data,
          rewards,
          resumeFrom,
          config: { ...config, maxSteps: 4, ...change },
          ...other,
        }),
      );
    const refused = async (attempt: Promise<unknown>, message: RegExp) => {
      await expect(attempt).rejects.toMatchObject({ code: "GRPO_CHECKPOINT" });
      await expect(attempt).rejects.toThrow(message);
    };
    await refused(resume({ epsilon: 0.1 }), /other values of epsilon/);
    await refused(resume({}, { policy: new TabularPolicy(4, 5) }), /of another model/);
    await refused(resume({}, { rewards: { other: rewards.target } }), /rewards target, this run has other/);
    await refused(resume({}, { data: data.slice(1) }), /there were 3 rows, now there are 2/);
    await refused(resume({}, { data: [...data].reverse() }), /same 3 rows are in another order, from row 0/);
    await refused(resume({}, { data: [{ prompt: 0 }, { prompt: 1 }, { prompt: 1 }] }), /first is row 2/);
    const prolonged = await resume({});
    expect(prolonged.filter((event) => event.type === "update").map((event) => event.step)).toEqual([3, 4]);
    const named = { fingerprintOf: (_: Row, row: number) => row };
    await refused(resume({}, named), /other content/);
  });

  it("asks for fingerprintOf where prompts are functions: other prompts would pass as the same data", async () => {
    const lazy = (ids: readonly number[]) => ids.map((id) => ({ id, prompt: async () => id }));
    type Lazy = ReturnType<typeof lazy>[number];
    const run = (ids: readonly number[], other: Partial<TrainGrpoOptions<number, Lazy>>) =>
      collect(
        trainGrpo<number, Lazy>({
          policy: new TabularPolicy(3, 5),
          data: lazy(ids),
          rewards: {
            target: ({ completions, examples }) => completions.map((c, i) => targetScore(examples[i]?.id ?? 0, c)),
          },
          config: { ...quick, maxSteps: 1 },
          ...other,
        }),
      );
    const checkpointDirectory = join(root, "lazy");
    await expect(run([0, 1, 2], { checkpointDirectory })).rejects.toMatchObject({ code: "GRPO_CONFIG" });
    await expect(run([0, 1, 2], { resumeFrom: checkpointDirectory })).rejects.toThrow(/pass fingerprintOf/);
    const fingerprintOf = ({ id }: Lazy): number => id;
    await run([0, 1, 2], { checkpointDirectory, fingerprintOf });
    const resumeFrom = await latestCheckpoint(checkpointDirectory);
    await expect(run([0, 2, 1], { resumeFrom, fingerprintOf })).rejects.toThrow(/in another order, from row 1/);
  });
});
