import { describe, expect, it } from "vitest";
import {
  accuracyScore,
  composeRewards,
  formatScore,
  type RewardRow,
  rewardFunction,
  scored,
  scoreRow,
} from "../index.js";

const row = (completion: string): RewardRow => ({
  completion,
  solution: "<answer>5</answer>",
  problemType: "numerical",
});
const accuracy = (row: RewardRow) => accuracyScore(row);
const good = row("<think>t</think><answer>5</answer>");

describe("composeRewards", () => {
  it("adds weighted rewards up and keeps every component's terms", async () => {
    const both = composeRewards({ accuracy: { score: accuracy, weight: 2 }, format: { score: formatScore } });
    expect(both.names).toEqual(["accuracy", "format"]);
    const [first, second] = await both.score([good, row("5")]);
    expect(first?.total).toBe(3);
    expect(second).toMatchObject({ total: 0, components: { accuracy: { value: 0, reason: expect.any(String) } } });
    expect(
      await both.reward({
        completions: [{ text: good.completion }],
        examples: [{ solution: "<answer>5</answer>", problemType: "numerical" }],
      }),
    ).toEqual([3]);
  });

  it("leaves unjudged components out, and a row that none can judge is null (TRL's nansum rule)", async () => {
    const both = composeRewards({ accuracy: { score: accuracy }, one: { score: () => scored(1) } });
    const alone = composeRewards({ accuracy: { score: accuracy } });
    const bad = { ...good, solution: "no tags" };
    expect((await both.score([bad]))[0]?.total).toBe(1);
    expect((await alone.score([bad]))[0]?.total).toBeNull();
  });

  it("keeps a reward that throws, answers NaN or hangs from touching anything else", async () => {
    const composed = composeRewards({
      throws: {
        score: ({ completion }) => {
          if (completion === "bad") throw new Error("boom");
          return scored(1);
        },
      },
      nan: { score: ({ completion }) => scored(completion === "bad" ? Number.NaN : 1) },
      hangs: {
        deadlineMilliseconds: 30,
        score: ({ completion }) => (completion === "bad" ? new Promise(() => {}) : scored(1)),
      },
    });
    const [bad, fine] = await composed.score([row("bad"), row("fine")]);
    expect(fine?.total).toBe(3);
    expect(bad?.total).toBeNull();
    expect(Object.values(bad?.components ?? {}).map(({ reason }) => reason)).toEqual([
      "the reward threw: boom",
      "expected a finite reward or null, found NaN",
      "the reward took more than 30 ms",
    ]);
  });

  it("tells a late reward to stop", async () => {
    let stopped: unknown = null;
    const composed = composeRewards({
      slow: {
        deadlineMilliseconds: 10,
        score: (_, { signal }) =>
          new Promise((_, reject) => {
            signal?.addEventListener("abort", () => {
              stopped = signal.reason;
              reject(signal.reason);
            });
          }),
      },
    });
    expect((await composed.score([good]))[0]?.total).toBeNull();
    expect(stopped).toBeInstanceOf(Error);
  });

  it("throws, and scores nothing, when the caller aborts", async () => {
    const composed = composeRewards({ accuracy: { score: accuracy } });
    await expect(composed.score([good], { signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
    await expect(scoreRow(accuracy, good, { signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
  });

  it("refuses no rewards and weights that are not numbers", () => {
    expect(() => composeRewards({})).toThrow(RangeError);
    expect(() => composeRewards({ a: { score: accuracy, weight: Number.NaN } })).toThrow(/weight for reward a/);
  });
});

describe("rewardFunction", () => {
  it("passes the token count on and turns exceptions into null", async () => {
    const reward = rewardFunction(({ completionTokens }) => {
      if (completionTokens === undefined) throw new Error("no length");
      return scored(completionTokens);
    });
    const examples = [0, 1].map(() => ({ solution: "", problemType: "OCR" as const }));
    expect(await reward({ examples, completions: [{ text: "", tokenIds: new Int32Array(7) }, { text: "" }] })).toEqual([
      7,
      null,
    ]);
  });
});
