import { describe, expect, it, vi } from "vitest";
import { TabularPolicy, targetScore } from "../../test/tabular-policy.js";
import { type GrpoOptions, grpoPreset } from "../index.js";
import type { GrpoEvent } from "./events.js";
import type { RewardBatch } from "./rewards.js";
import { trainGrpo } from "./train-grpo.js";

const advantages = vi.hoisted(() => ({ computed: 0 }));
vi.mock(import("../advantages/advantages.js"), async (original) => {
  const module = await original();
  const computeAdvantages: typeof module.computeAdvantages = (...input) => {
    advantages.computed++;
    return module.computeAdvantages(...input);
  };
  return { ...module, computeAdvantages };
});

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

describe("trainGrpo", () => {
  // The KL of vsr1 pulls back, and its top-p of 0.95 never samples the last 5 %, so nothing unlearns that tail.
  it.each<[string, GrpoOptions, number?]>([
    ["trl defaults", {}],
    ["vsr1", { ...grpoPreset("vsr1"), ...quick, warmupRatio: 0, numGenerations: 6, promptsPerRollout: 6 }, 0.9],
    [
      "two iterations, two updates a rollout, micro-batches of 5",
      { numIterations: 2, updatesPerRollout: 2, perDeviceTrainBatchSize: 5, learningRate: 0.05, maxSteps: 300 },
    ],
    ["one rollout behind", { rolloutLag: 1 }],
  ])("reaches the optimum over seeds: %s", async (_name, options, reached = 0.95) => {
    for (const seed of [1, 2, 3]) {
      const policy = new TabularPolicy(3, 5);
      const before = await policy.expected(targetScore, 3);
      await collect(trainGrpo({ policy, data, rewards, config: { ...quick, ...options, seed } }));
      expect(before).toBeLessThan(0.25);
      expect(await policy.expected(targetScore, 3)).toBeGreaterThan(reached);
    }
  });

  it("makes a prompt whenever a rollout draws it, where the row is a function, with the same result", async () => {
    const run = async (rows: readonly { readonly prompt: number | (() => Promise<number>) }[]) => {
      const policy = new TabularPolicy(3, 5);
      const rewards = { length: (batch: RewardBatch<unknown>) => batch.completions.map((c) => targetScore(1, c)) };
      const config = { ...quick, maxSteps: 4, numIterations: 2, promptsPerRollout: 2 };
      const events = await collect(trainGrpo({ policy, data: rows, rewards, config }));
      return events.filter(({ type }) => type === "update").map((event) => ({ ...event, seconds: 0 }));
    };
    const made: number[] = [];
    const make = async (prompt: number): Promise<number> => {
      made.push(prompt);
      return prompt;
    };
    const lazy = [0, 1, 2].map((prompt) => ({ prompt: () => make(prompt) }));
    expect(await run(lazy)).toEqual(await run(data));
    expect(made.length).toBe(2 * 2 + 4 * 2); // two rollouts of two prompts, and again at each of the four updates
  });

  it("converges to the KL-regularised optimum, proportional to ref exp((1 - 1/G) r / beta)", async () => {
    // One prompt, one token: the fixed point of the expected update is known in closed form.
    const arms = [0, 0.3, 1, 0.6];
    const policy = new TabularPolicy(1, 4, (index) => [0.5, -0.2, 0, 0.3][index % 4] as number);
    const beta = 0.5;
    const generations = 16;
    await collect(
      trainGrpo({
        policy,
        data: [{ prompt: 0 }],
        rewards: {
          arm: (batch: RewardBatch<Row>) => batch.completions.map((c) => arms[c.tokenIds[0] as number] as number),
        },
        config: {
          lossType: "grpo",
          scaleRewards: "none",
          beta,
          useBiasCorrectionKl: true,
          promptsPerRollout: 32,
          numGenerations: generations,
          maxCompletionLength: 1,
          learningRate: 0.03,
          lrSchedulerType: "linear",
          maxSteps: 250,
        },
      }),
    );
    const reference = policy.state(policy.reference, 0, -1);
    const unnormalised = arms.map((r, a) => Math.exp((reference[a] as number) + ((1 - 1 / generations) * r) / beta));
    const total = unnormalised.reduce((sum, value) => sum + value, 0);
    policy.state(policy.logits, 0, -1).forEach((logProb, arm) => {
      expect(Math.exp(logProb)).toBeCloseTo((unnormalised[arm] as number) / total, 1.7);
    });
  });

  it("asks for a reference only when beta > 0, and scores an on-policy rollout once", async () => {
    for (const beta of [0, 0.04]) {
      const policy = new TabularPolicy(3, 5);
      await collect(trainGrpo({ policy, data, rewards, config: { ...quick, maxSteps: 4, beta } }));
      expect(policy.calls).toMatchObject({
        generate: 4,
        logProbs: 4,
        reference: beta > 0 ? 4 : 0,
        parametersChanged: 4,
      });
    }
  });

  it("reports rollouts, rewards and updates in order with finite numbers", async () => {
    const policy = new TabularPolicy(3, 5);
    const events = await collect(trainGrpo({ policy, data, rewards, config: { ...quick, maxSteps: 3, beta: 0.04 } }));
    expect(events.map((event) => event.type)).toEqual([
      ...Array(3).fill(["rollout", "rewards", "update"]).flat(),
      "done",
    ]);
    for (const event of events) {
      if (event.type !== "update") continue;
      expect([event.loss, event.kl, event.gradientNorm, event.entropyEstimate].every(Number.isFinite)).toBe(true);
      expect(event.metrics.ratio).toEqual({ mean: 1, min: 1, max: 1 });
    }
    const scored = events.find((event) => event.type === "rewards");
    expect(scored?.type === "rewards" && scored.samples).toHaveLength(48);
  });

  it("adds the temporal and the length reward as columns of their own", async () => {
    const policy = new TabularPolicy(6, 5); // prompts 3 to 5 stand for shuffled frames: nothing scores there
    const events = await collect(
      trainGrpo({
        policy,
        data,
        rewards: {
          right: (batch: RewardBatch<Row>) => batch.completions.map((c) => (c.tokenIds[0] === 3 ? 1 : 0)),
        },
        temporal: {
          shuffledPrompt: (example) => example.prompt + 3,
          accuracy: "right",
          bonus: (ordered, shuffled) => {
            expect([ordered.length, shuffled.length]).toEqual([16, 8]);
            return ordered.map((accuracy) => (accuracy === 1 ? 0.3 : 0));
          },
        },
        length: {
          accuracy: "right",
          bonus: (accuracies, tokens) => accuracies.map((accuracy, i) => (accuracy === 1 && tokens[i] === 3 ? 0.2 : 0)),
        },
        config: { ...quick, maxSteps: 2, rewardWeights: { length: 0.5 } },
      }),
    );
    expect(policy.calls.generate).toBe(4);
    for (const event of events) {
      if (event.type !== "rewards") continue;
      expect(Object.keys(event.components)).toEqual(["right", "temporal", "length"]);
      for (const { rewards: found, total, tokens } of event.samples) {
        expect(found.temporal).toBe(found.right === 1 ? 0.3 : 0);
        expect(found.length).toBe(found.right === 1 && tokens === 3 ? 0.2 : 0);
        expect(total).toBeCloseTo((found.right ?? 0) + (found.temporal ?? 0) + 0.5 * (found.length ?? 0), 12);
      }
    }
  });

  it("raises an alarm, with evidence, when groups die", async () => {
    const policy = new TabularPolicy(3, 5);
    const flat = { flat: (batch: RewardBatch<Row>) => batch.completions.map(() => 1) };
    const events = await collect(
      trainGrpo({ policy, data, rewards: flat, alarms: { window: 3 }, config: { ...quick, maxSteps: 5 } }),
    );
    const alarm = events.find((event) => event.type === "alarm" && event.rule === "dead-groups");
    expect(alarm).toMatchObject({ step: 3, evidence: { zeroVariance: 1 } });
  });

  it("computes advantages once for a rollout, however many updates it has", async () => {
    for (const [options, rollouts] of [
      [{}, 6],
      [{ numIterations: 3 }, 2],
      [{ numIterations: 2, updatesPerRollout: 3, rolloutLag: 1 }, 2],
    ] as const) {
      advantages.computed = 0;
      const config = { ...quick, ...options, maxSteps: 6 };
      await collect(trainGrpo({ policy: new TabularPolicy(3, 5), data, rewards, config }));
      expect(advantages.computed).toBe(rollouts);
    }
  });

  it("evaluates every evalSteps and at the end, with the parameters of that step", async () => {
    const policy = new TabularPolicy(3, 5);
    const evaluate = async () => ({ score: await policy.expected(targetScore, 3) });
    const events = await collect(
      trainGrpo({ policy, data, rewards, evaluate, config: { ...quick, maxSteps: 50, evalSteps: 20 } }),
    );
    const scores = events.filter((event) => event.type === "evaluation");
    expect(scores.map((event) => event.step)).toEqual([20, 40, 50]);
    expect(scores.at(-1)?.metrics.score).toBeGreaterThan(scores[0]?.metrics.score ?? 1);
  });

  it("does not depend on how an update is cut into micro-batches", async () => {
    // Adam divides by the gradient's size, so an epsilon above rounding keeps noise in zero gradients out of the comparison.
    const run = async (perDeviceTrainBatchSize: number | null) => {
      const policy = new TabularPolicy(3, 5);
      await collect(
        trainGrpo({
          policy,
          data,
          rewards,
          config: { ...quick, maxSteps: 5, beta: 0.04, adamEpsilon: 1e-3, perDeviceTrainBatchSize },
        }),
      );
      return [...policy.logits];
    };
    const whole = await run(null);
    for (const size of [1, 5, 48])
      for (const [i, value] of (await run(size)).entries()) expect(value).toBeCloseTo(whole[i] as number, 5);
  });

  it("stops at once when aborted, and refuses what cannot work", async () => {
    const policy = new TabularPolicy(3, 5);
    const start = (config: GrpoOptions, extra = {}) => collect(trainGrpo({ policy, data, rewards, config, ...extra }));
    await expect(start(quick, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await expect(start({ ...quick, nonsense: 1 } as GrpoOptions)).rejects.toMatchObject({ code: "GRPO_CONFIG" });
    await expect(start({ ...quick, entropyCoef: 0.01 })).rejects.toMatchObject({ code: "GRPO_CONFIG" });
    await expect(start({ ...quick, rewardWeights: { tarmac: 1 } })).rejects.toMatchObject({ code: "GRPO_CONFIG" });
    await expect(start(quick, { data: [] })).rejects.toMatchObject({ code: "GRPO_DATA" });
    const answers: [unknown, RegExp][] = [
      [undefined, /reward "target" gave undefined, expected an array of 48 .* does it return its result/],
      [null, /gave null/],
      [1, /gave number/],
      [[1], /gave 1 values for 48 completions/],
      [Array(48).fill(Number.NaN), /gave NaN for completion 0/],
      [Array(48).fill(undefined), /gave undefined for completion 0/],
      [Array(48).fill("1"), /gave 1 for completion 0/],
    ];
    for (const [answer, message] of answers) {
      const attempt = start(quick, { rewards: { target: () => answer } });
      await expect(attempt).rejects.toMatchObject({ code: "GRPO_DATA" });
      await expect(attempt).rejects.toThrow(message);
    }
    const failure = new TypeError("no such field");
    const failing = { target: () => Promise.reject(failure) };
    await expect(start(quick, { rewards: failing })).rejects.toMatchObject({
      code: "GRPO_DATA",
      message: expect.stringMatching(/reward "target" failed: no such field/),
      cause: failure,
    });
    const controller = new AbortController();
    const aborting = { target: () => Promise.reject(controller.abort(new Error("enough"))) };
    const stopped = start(quick, { rewards: aborting, signal: controller.signal });
    await expect(stopped).rejects.toThrow(/^enough$/);
    const bonus = { accuracy: "target", bonus: () => undefined };
    await expect(start(quick, { length: bonus })).rejects.toThrow(/reward "length" gave undefined/);
    expect(policy.calls.parametersChanged).toBe(0);
  });
});
