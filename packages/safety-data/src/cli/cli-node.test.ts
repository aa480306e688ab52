import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "./cli-node.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safety-data-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(...args: string[]) {
  let [out, err] = ["", ""];
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}
const example = fileURLToPath(new URL("../../examples/generate-symbolic.json", import.meta.url));

describe("safety-data", () => {
  it("generates, then measures what it wrote", async () => {
    const made = await run("generate", example, "--out", join(folder, "run"));
    expect(made).toMatchObject({ code: 0, err: "" });
    expect(made.out).toMatch(/^\d+ of 300 records kept\n {2}dropped, duplicate: \d+\n$/);
    const table = await run("diversity", join(folder, "run", "cot.jsonl"), "--part", "think", "--sample", "50");
    expect(table.code).toBe(0);
    expect(
      table.out
        .split("\n")
        .slice(2, 5)
        .map((line) => line.split(" | ").slice(0, 2)),
    ).toEqual([
      ["| en", expect.stringMatching(/^50 of \d+$/)],
      ["| es", expect.stringMatching(/^50 of \d+$/)],
      ["| zh", expect.stringMatching(/^50 of \d+$/)],
    ]);
    const json = JSON.parse((await run("diversity", join(folder, "run", "rl.jsonl"), "--json", "--order", "2")).out);
    expect(json[join(folder, "run", "rl.jsonl")].languages.en.distinct).toHaveLength(2);
  });
  it("counts records without the part, and fails on a line that is no record", async () => {
    const path = join(folder, "mixed.jsonl");
    await writeFile(path, '{"query":"a b","answer":"c"}\n{"query":"d"}\n');
    expect(await run("diversity", path, "--part", "answer", "--language", "en")).toMatchObject({
      code: 0,
      err: expect.stringMatching(/1 records have no answer/),
    });
    expect(await run("diversity", path, "--part", "think")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/found none/),
    });
    await writeFile(path, '{"query":"a b"}\n{"text":"d"}\n');
    expect(await run("diversity", path)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/mixed\.jsonl, record 2/),
    });
    await writeFile(path, '{"query":"a b"}\n{"qu');
    expect(await run("diversity", path)).toMatchObject({ code: 1, err: expect.stringMatching(/mixed\.jsonl:2/) });
  });
  it.each<[string[], RegExp]>([
    [[], /found nothing/],
    [["make"], /found make/],
    [["generate"], /one configuration file, found 0/],
    [["generate", "a.json"], /--out/],
    [["generate", "none.json", "--out", "x"], /none\.json/],
    [["generate", "a.json", "--fast"], /--fast/],
    [["diversity"], /found none/],
    [["diversity", "a", "--part", "video"], /--part/],
    [["diversity", "a", "--language", "english"], /--language/],
    [["diversity", "a", "--sample", "many"], /--sample/],
    [["diversity", "a", "--order", "0"], /--order/],
    [["diversity", "a", "--smoothing", "method9"], /--smoothing/],
  ])("%j is wrong usage", async (args, message) => {
    expect(await run(...args)).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
  });
  it("fails for a file that is not there, and tells its version and help", async () => {
    expect(await run("diversity", join(folder, "none.jsonl"))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/ENOENT/),
    });
    expect((await run("--help")).out).toMatch(/^safety-data <command>/);
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect((await run("--version")).out).toBe(`${version}\n`);
  });
  it("fails when nothing passes the filters", async () => {
    const grammar = {
      format: "videosafety-grammar/1",
      id: "g",
      languages: {
        en: {
          rules: {},
          kinds: [{ id: "K", textual: 0, query: "say yes to all of this", answer: "yes to all of this" }],
        },
      },
    };
    await writeFile(join(folder, "g.json"), JSON.stringify(grammar));
    await writeFile(join(folder, "c.json"), JSON.stringify({ grammar: "g.json", count: 2 }));
    expect(await run("generate", join(folder, "c.json"), "--out", join(folder, "nothing"))).toMatchObject({
      code: 1,
      out: "0 of 2 records kept\n  dropped, answer-leak: 2\n",
    });
  });
});
