import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { item, startTestServer } from "../../test/test-server.js";

let running: Awaited<ReturnType<typeof startTestServer>>;
beforeAll(async () => {
  running = await startTestServer();
}, 120_000);
afterAll(() => running?.stop(), 60_000);
const judged = (body: unknown) => running.judged(body);

describe("a reward that misbehaves touches its item only", () => {
  const completions = (bad: string) => Array.from({ length: 16 }, (_, i) => (i === 7 ? bad : "ok".repeat(i + 1)));
  const expected = Array.from({ length: 16 }, (_, i) => (i === 7 ? null : 2 * (i + 1)));

  it.each([
    ["hang", /took more than 800 ms/],
    ["wait", /took more than 800 ms/],
    ["later", /took more than 800 ms/],
    ["throw", /boom/],
    ["exit", /ended its thread/],
    ["memory", /ended its thread|took more than/],
  ])(
    "%s",
    async (bad, reason) => {
      const other = judged({ items: [item("abc")], rewards: ["length"] });
      const answer = await judged({ items: completions(bad).map((text) => item(text)), rewards: ["nasty"] });
      expect(answer.total).toEqual(expected);
      expect(answer.unscorable).toEqual([{ item: 7, reward: "nasty", reason: expect.stringMatching(reason) }]);
      expect((await other).total).toEqual([3]);
    },
    60_000,
  );

  it("counts the threads that had to be replaced", async () => {
    const [, count] = /safety_rewards_worker_restarts_total (\d+)/.exec(await running.metrics()) ?? [];
    expect(Number(count)).toBeGreaterThan(0);
  });

  // One thread, so that what the first request leaves behind meets the second one.
  it.each(["rejects late", "throws late", "exits late"])(
    "%s: no row of another request becomes null",
    async (bad) => {
      const one = await startTestServer({ workers: 1 });
      expect((await one.judged({ items: [item(bad)], rewards: ["strays"] })).total).toEqual([bad.length]);
      const others = await Promise.all(
        Array.from({ length: 3 }, () => one.judged({ items: [item("abc")], rewards: ["slow"] })),
      );
      expect(others.map(({ total }) => total)).toEqual([[3], [3], [3]]);
      if (bad !== "exits late") expect(await one.metrics()).toMatch(/safety_rewards_strays_total 1/);
      await one.stop();
    },
    60_000,
  );

  it("fails while it waits: its own row says why", async () => {
    const { total, unscorable } = await judged({
      items: [item("abc"), item("fails while it waits"), item("abcd")],
      rewards: ["strays"],
    });
    expect(total).toEqual([3, null, 4]);
    expect(unscorable).toEqual([{ item: 1, reward: "strays", reason: expect.stringMatching(/beside/) }]);
  });
});
