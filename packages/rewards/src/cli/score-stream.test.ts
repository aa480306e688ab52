import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scoreStream } from "./score-stream-node.js";

const line = (answer: string, extra: object = {}) =>
  JSON.stringify({
    completion: `<think></think><answer>${answer}</answer>`,
    solution: "<answer>5</answer>",
    problem_type: "numerical",
    ...extra,
  });

describe("scoreStream", () => {
  let directory: string;
  const lines: string[] = [];
  const run = async (text: string, extra: object = {}) => {
    lines.length = 0;
    const file = join(directory, "rows.jsonl");
    await writeFile(file, text);
    return scoreStream(file, {
      rewards: ["accuracy", "format"],
      compat: "strict",
      tokenizer: "rouge",
      details: false,
      skip: false,
      write: (line) => lines.push(line) > 0,
      ...extra,
    });
  };
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "score-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("judges row by row, keeps ids and further columns out of the way, and sums up", async () => {
    const text = [line("5", { id: "a", step: 3 }), line("6"), line("5", { solution: "none" })].join("\n");
    expect(await run(text)).toEqual({ rows: 3, skipped: 0, means: { accuracy: 0.5, format: 1 } });
    expect(lines.map((l) => JSON.parse(l))).toEqual([
      { id: "a", rewards: { accuracy: 1, format: 1 }, total: 2 },
      { id: 1, rewards: { accuracy: 0, format: 1 }, total: 1 },
      {
        id: 2,
        rewards: { accuracy: null, format: 1 },
        total: 1,
        reasons: { accuracy: expect.stringMatching(/<answer>/) },
      },
    ]);
  });

  it("takes more rows than a batch, and with vsr1 the first row's type for all", async () => {
    const text = [
      line("5", { problem_type: "multiple choice" }),
      ...Array.from({ length: 600 }, () => line("5.0")),
    ].join("\n");
    expect((await run(text)).means.accuracy).toBe(1);
    expect((await run(text, { compat: "vsr1" })).means.accuracy).toBeCloseTo(1 / 601, 14);
    expect(lines.length).toBe(601);
  });

  it("stops at a bad line with its number, or skips it", async () => {
    const text = `${line("5")}\n{"completion": 3}\n`;
    await expect(run(text)).rejects.toMatchObject({ code: "invalid-record", line: 2 });
    expect(await run(text, { skip: true })).toMatchObject({ rows: 1, skipped: 1 });
    await expect(run(text, { rewards: ["nope"] })).rejects.toThrow(RangeError);
  });
});
