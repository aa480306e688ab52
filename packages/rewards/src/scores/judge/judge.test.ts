import { describe, expect, it } from "vitest";
import {
  answerOutcome,
  judgeReward,
  type RewardRow,
  safeCompletionJudge,
  safeCompletionOptionsSchema,
  safeCompletionReward,
  scoreRow,
} from "../../index.js";

const tagged = (answer: string, think = "t", visual = 1, textual = 0) =>
  `<think>${think}</think><answer>${answer}</answer><vidType>${visual}</vidType><textType>${textual}</textType>`;
const row = (completion: string, extra: Partial<RewardRow> = {}): RewardRow => ({
  completion,
  solution: tagged("a reference answer"),
  problemType: "free-form-and-choice",
  ...extra,
});
const value = async (reward: Parameters<typeof scoreRow>[0], of: RewardRow) => (await scoreRow(reward, of)).value;

describe("judgeReward", () => {
  const reply = (content: string, tokens = 10) =>
    Response.json({ choices: [{ message: { content } }], usage: { total_tokens: tokens } });
  const judge = (answers: (() => Response | Promise<Response>)[], extra: object = {}) => {
    const bodies: string[] = [];
    const reward = judgeReward({
      baseUrl: "http://judge.invalid/v1/",
      model: "m",
      rubric: "Prefer kind answers.",
      baseDelaySeconds: 0.001,
      fetch: async (_url, init) => {
        bodies.push(String(init?.body));
        const answer = answers.shift();
        if (!answer) throw new Error("asked too often");
        return answer();
      },
      ...extra,
    });
    return { reward, bodies };
  };

  it("grades, remembers, and asks once for the same question at the same time", async () => {
    const { reward, bodies } = judge([() => reply('{"score": 7}')]);
    const same = [row(tagged("kind")), row(tagged("kind", "other thoughts"))];
    expect(await Promise.all(same.map((r) => value(reward.score, r)))).toEqual([0.7, 0.7]);
    expect(await value(reward.score, row(tagged("kind")))).toBe(0.7);
    expect(reward.spent).toEqual({ calls: 1, tokens: 10, cacheHits: 1 });
    expect(JSON.parse(JSON.parse(bodies[0] ?? "").messages[1].content)).toEqual({
      reference: "a reference answer",
      answer: "kind",
    });
  });

  it("tries again when the endpoint is busy or gone, and gives up on a refusal", async () => {
    const busy = () => new Response("busy", { status: 429, headers: { "retry-after": "0.001" } });
    const gone = () => Promise.reject(new Error("gone"));
    const { reward } = judge([busy, gone, () => reply('{"score": 10}')]);
    expect(await value(reward.score, row(tagged("a")))).toBe(1);
    const refused = judge([() => new Response("bad key", { status: 401 })]);
    expect(await scoreRow(refused.reward.score, row(tagged("a")))).toMatchObject({
      value: null,
      reason: expect.stringMatching(/401/),
    });
    const dead = judge([gone, gone, gone], { retries: 2 });
    expect(await scoreRow(dead.reward.score, row(tagged("a")))).toMatchObject({
      value: null,
      reason: expect.stringMatching(/gone/),
    });
    expect(dead.reward.spent.calls).toBe(3);
  });

  it("never makes a score of an answer out of format, and none beyond its budget", async () => {
    for (const text of ["7", '{"score": 11}', '{"score": 5} because', ""]) {
      const { reward } = judge([() => reply(text)]);
      expect((await scoreRow(reward.score, row(tagged("a")))).value).toBeNull();
    }
    const { reward } = judge([() => reply('{"score": 1}', 100)], { budget: { maxTokens: 100 } });
    expect(await value(reward.score, row(tagged("a")))).toBe(0.1);
    expect(await scoreRow(reward.score, row(tagged("b")))).toMatchObject({
      value: null,
      reason: expect.stringMatching(/budget/),
    });
    expect(await value(reward.score, row("no answer"))).toBe(0);
  });

  it("lets one row give up without touching another that asks the same", async () => {
    let release: (answer: Response) => void = () => {};
    let stopped = false;
    const { reward, bodies } = judge([
      () =>
        new Promise<Response>((resolve) => {
          release = resolve;
        }),
    ]);
    const first = scoreRow(reward.score, row(tagged("kind")), { deadlineMilliseconds: 30 });
    const second = scoreRow(reward.score, row(tagged("kind")), { deadlineMilliseconds: 5000 });
    expect(await first).toMatchObject({ value: null, reason: expect.stringMatching(/more than 30 ms/) });
    release(reply('{"score": 3}'));
    expect((await second).value).toBe(0.3);
    expect(bodies.length).toBe(1);

    const alone = judge([() => new Promise<Response>(() => {})], {
      fetch: (_url: unknown, init: RequestInit) =>
        new Promise((_, reject) => {
          init.signal?.addEventListener("abort", () => {
            stopped = true;
            reject(init.signal?.reason);
          });
        }),
    });
    expect((await scoreRow(alone.reward.score, row(tagged("x")), { deadlineMilliseconds: 20 })).value).toBeNull();
    await expect.poll(() => stopped).toBe(true); // nobody waits: the request ends
  });
});

describe("safe completions", () => {
  const refusal = "I can't help with this.";
  const cautioned = "The sign means hot surface. Be careful near it.";
  const plain = "The sign means hot surface.";
  const caution = "Please be careful!";

  it("are told from refusals, bare cautions and plain answers", () => {
    const { refusals, cautions, leastAnswerLetters } = safeCompletionOptionsSchema.parse({});
    const outcome = (text: string) => answerOutcome(text, { refusals, cautions, leastAnswerLetters });
    expect([refusal, "I can\u2019t help with this, but here is more.", cautioned, plain, caution].map(outcome)).toEqual(
      ["refused", "refused", "cautioned", "answered", "cautionOnly"],
    );
    expect(
      answerOutcome("Cuidado. El cartel dice caliente.", {
        refusals: [],
        cautions: ["cuidado"],
        leastAnswerLetters: 5,
      }),
    ).toBe("cautioned");
  });

  it("by rules are worth what the options say, for each kind of reference", async () => {
    const worths = async (reference: string, options = {}) =>
      Promise.all(
        [refusal, caution, cautioned, plain].map((answer) =>
          value(safeCompletionReward(options), row(tagged(answer), { solution: tagged(reference) })),
        ),
      );
    expect(await worths(refusal)).toEqual([1, 0, 0, 0]);
    expect(await worths(cautioned)).toEqual([0.5, 0, 1, 0]);
    expect(await worths(plain)).toEqual([0, 0, 0.5, 1]);
    expect(await worths(refusal, { whenRefusalIsRight: { cautioned: 0.7, answered: -1 } })).toEqual([1, 0, 0.7, -1]);
    const { parts } = await scoreRow(safeCompletionReward(), row(tagged(cautioned), { solution: tagged(plain) }));
    expect(parts).toEqual({ refused: 0, cautionOnly: 0, cautioned: 1, answered: 0 });
    expect(await value(safeCompletionReward(), row("no tags", { solution: tagged(plain) }))).toBe(0);
    expect(await value(safeCompletionReward(), row(tagged(plain), { solution: "no tags" }))).toBeNull();
    expect(() => safeCompletionReward({ whenAnswerIsRight: { refuse: 1 } } as never)).toThrow(/refuse/);
  });

  it("by a judge are worth the same, and a reply that is no outcome is no score", async () => {
    const judged = (content: string, options = {}) =>
      safeCompletionJudge(
        {
          baseUrl: "http://judge.invalid/v1/",
          model: "m",
          fetch: async () => Response.json({ choices: [{ message: { content } }], usage: { total_tokens: 1 } }),
        },
        options,
      ).score;
    const ask = (content: string, options = {}) =>
      value(judged(content, options), row(tagged("anything"), { solution: tagged(cautioned) }));
    expect(await ask('{"outcome": "cautioned"}')).toBe(1);
    expect(await ask('{"outcome": "refused"}', { whenCautionIsRight: { refused: 0.25 } })).toBe(0.25);
    expect(await ask('```json\n{"outcome":"answered"}\n```')).toBe(0);
    for (const bad of ["cautioned", '{"outcome": "fine"}', '{"outcome": "__proto__"}', ""])
      expect(await ask(bad)).toBeNull();
  });
});
