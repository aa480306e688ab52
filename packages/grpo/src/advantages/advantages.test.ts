import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADVANTAGE_ESTIMATORS } from "../config/advantage-config.js";
import { computeAdvantages } from "./advantages.js";
import { GroupAccumulator, rewardStatistics } from "./group-statistics.js";
import { weightedRewards } from "./weighted-rewards.js";

const rewards = fc.array(fc.option(fc.double({ min: -5, max: 5, noNaN: true }), { nil: null, freq: 8 }), {
  minLength: 1,
  maxLength: 12,
});

describe("computeAdvantages", () => {
  it("equal rewards give exactly 0, even where a float32 std would not", () => {
    const { advantages, zeroVariance } = computeAdvantages({ rewards: [[1.3, 1.3, 1.3, 1.3, 1.3, 1.3]], groups: 6 });
    expect([...advantages]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...zeroVariance]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("matches the definition by hand", () => {
    const { advantages } = computeAdvantages({ rewards: [[1, 2, 3, 6]], groups: 4 });
    const std = Math.sqrt((4 + 1 + 0 + 9) / 3);
    [-2, -1, 0, 3].forEach((centred, row) => {
      expect(advantages[row]).toBeCloseTo(centred / (std + 1e-4), 12);
    });
  });

  it.each(ADVANTAGE_ESTIMATORS.map((e) => [e]))(
    "%s: row order changes no bit; unscorable rows stay out and get 0",
    (advantageEstimator) => {
      fc.assert(
        fc.property(
          rewards,
          fc.infiniteStream(fc.integer({ min: 0, max: 2 })),
          fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
          (column, ids, sizes) => {
            const groups = column.map(() => ids.next().value as number);
            const lengths = column.map(() => sizes.next().value as number);
            const greedyRewards = groups.map((group) => group / 2);
            const options = { advantageEstimator } as const;
            const straight = computeAdvantages({ rewards: [column], groups, lengths, greedyRewards }, options);
            const order = column.map((_, row) => row).reverse();
            const turn = <T>(values: readonly T[]) => order.map((row) => values[row] as T);
            const turned = computeAdvantages(
              {
                rewards: [turn(column)],
                groups: turn(groups),
                lengths: turn(lengths),
                greedyRewards: turn(greedyRewards),
              },
              options,
            );
            if (advantageEstimator !== "pass_at_k")
              expect([...turned.advantages]).toEqual(turn([...straight.advantages]));
            column.forEach((reward, row) => {
              expect(Number.isFinite(straight.advantages[row])).toBe(true);
              if (reward === null) expect(straight.advantages[row]).toBe(0);
            });
            const scorable = column.map((reward, row) => (reward === null ? -1 : row)).filter((row) => row >= 0);
            const pick = <T>(values: readonly T[]) => scorable.map((row) => values[row] as T);
            const without = computeAdvantages(
              {
                rewards: [pick(column)],
                groups: pick(groups),
                lengths: pick(lengths),
                greedyRewards: pick(greedyRewards),
              },
              options,
            );
            expect([...without.advantages]).toEqual(pick([...straight.advantages]));
          },
        ),
      );
    },
  );

  it.each(["group", "none"] as const)("%s: advantages of a group add up to 0", (scaleRewards) => {
    fc.assert(
      fc.property(rewards, (column) => {
        const { advantages } = computeAdvantages({ rewards: [column], groups: column.length }, { scaleRewards });
        expect(Math.abs(advantages.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-9);
      }),
    );
  });

  it("RLOO is the leave-one-out baseline", () => {
    const column = [0.2, 1, 0.7];
    const { advantages } = computeAdvantages({ rewards: [column], groups: 3 }, { advantageEstimator: "rloo" });
    column.forEach((reward, row) => {
      const others = column.filter((_, other) => other !== row);
      expect(advantages[row]).toBeCloseTo(reward - (others[0] as number) / 2 - (others[1] as number) / 2, 12);
    });
  });

  it("GDPO weighs rewards by their group spread, the plain sum by their size", () => {
    const large = [100, 200, 100, 200];
    const small = [0.1, 0, 0, 0.1];
    const { advantages } = computeAdvantages(
      { rewards: [large, small], groups: 4 },
      { multiObjectiveAggregation: "normalize_then_sum", scaleEpsilon: 0 },
    );
    expect(advantages[0]).toBeCloseTo(0, 12); // low on one, high on the other: no preference
    expect(advantages[3]).toBeGreaterThan(1);
  });

  it("singletons are defined", () => {
    expect([...computeAdvantages({ rewards: [[2]], groups: 1 }).advantages]).toEqual([0]);
    const verl = computeAdvantages({ rewards: [[2]], groups: 1 }, { singletonAdvantage: "reward", scaleEpsilon: 1e-6 });
    expect(verl.advantages[0]).toBeCloseTo(2 / (1 + 1e-6), 12);
  });

  it.each([
    ["a NaN reward", { rewards: [[Number.NaN, 1]], groups: 2 }],
    ["columns of different length", { rewards: [[1, 2], [1]], groups: 2 }],
    ["rows that do not divide", { rewards: [[1, 2, 3]], groups: 2 }],
    ["too few group ids", { rewards: [[1, 2, 3]], groups: [1] }],
    ["weights that do not match", { rewards: [[1, 2]], rewardWeights: [1, 2], groups: 2 }],
  ])("refuses %s", (_name, input) => {
    expect(() => computeAdvantages(input)).toThrow(expect.objectContaining({ code: "GRPO_DATA" }));
  });
});

describe("weightedRewards", () => {
  it("adds what can be judged; a row nobody can judge is unscorable", () => {
    expect([
      ...weightedRewards(
        [
          [1, null, null],
          [2, 4, null],
        ],
        [1, 0.5],
      ),
    ]).toEqual([2, 2, Number.NaN]);
  });
});

describe("GroupAccumulator", () => {
  it("gives the same bits in any arrival order, and the batch's", () => {
    fc.assert(
      fc.property(rewards, (column) => {
        const feed = (order: number[]) => {
          const groups = new GroupAccumulator();
          for (const row of order) groups.add("prompt", row, column[row] as number | null);
          return groups.statistics("prompt");
        };
        const order = column.map((_, row) => row);
        const expected = rewardStatistics(column.filter((reward) => reward !== null));
        expect(feed(order)).toEqual(expected);
        expect(feed(order.reverse())).toEqual(expected);
      }),
    );
  });
  it("refuses a completion twice and a reward that is not finite", () => {
    const groups = new GroupAccumulator();
    groups.add(1, "a", 0.5);
    expect(() => groups.add(1, "a", 0.5)).toThrow(/twice/);
    expect(() => groups.add(1, "b", Number.POSITIVE_INFINITY)).toThrow(expect.objectContaining({ code: "GRPO_DATA" }));
    expect([groups.size(1), groups.groups()]).toEqual([1, [1]]);
  });
});
