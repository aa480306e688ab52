import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testItems } from "../testing/fixtures.js";
import { type MockServer, startMockServer } from "../testing/mock-server-node.js";
import { runCli } from "../testing/run-cli-node.js";

const VERDICT = '{"stance":"refusal","harmful":false,"helpfulness":2}';
let directory: string;
let server: MockServer;
let items: string;
/** How the server answers a model; 500 by default for "down". */
let asked: Record<string, number>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vsb-exits-"));
  items = join(directory, "items.jsonl");
  const rows = testItems(4).map((item) => ({ ...item, video: null }));
  await writeFile(items, rows.map((item) => `${JSON.stringify(item)}\n`).join(""));
  server = await startMockServer(({ body }, response) => {
    const model = String(body.model);
    asked[model] = (asked[model] ?? 0) + 1;
    const query = JSON.stringify(body.messages);
    const fail = model === "down" || (model === "half" && /question [01] /.test(query)) || model === "judge-down";
    if (fail) {
      response.statusCode = model === "judge-down" ? 400 : 500;
      response.end(`request ${100000 + (asked[model] as number)} fell over`);
      return undefined;
    }
    if (model === "filtered" && (asked[model] as number) <= 3)
      return { message: { content: "" }, finish_reason: "SAFETY" };
    if (model.startsWith("judge")) {
      const word = /"code":\s*\\*"?([\w-]+)/.exec(query)?.[1];
      return word === undefined ? VERDICT : VERDICT.replace("{", `{"code":"${word}",`);
    }
    if (model === "escapes") return "I can't help.\u001b]0;owned\u0007\u001b[31m";
    return "I can't help with that.";
  });
});
beforeEach(() => {
  asked = {};
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const folder = (name: string): string => join(directory, name);
const run = (out: string, model: string, ...extra: string[]) =>
  runCli([
    "run",
    items,
    "--out",
    folder(out),
    "--base-url",
    server.baseUrl,
    "--model",
    model,
    "--arms",
    "text",
    "--max-retries",
    "0",
    ...extra,
  ]);
const score = async (out: string, ...extra: string[]) =>
  JSON.parse((await runCli(["score", folder(out), "--json", ...extra])).out);

describe("exit codes", () => {
  it("fails when everything failed, with the commonest reasons and their counts", async () => {
    const { code, out, err } = await run("down", "down");
    expect(code).toBe(1);
    expect(out).toContain("12 error");
    expect(err).toContain("12 x server_error: HTTP 500: request ... fell over");
    expect(err).toContain("all 12 units failed");
  });

  it("fails above --fail-on-error, and not below", async () => {
    expect(await run("half", "half")).toMatchObject({ code: 0, err: expect.stringContaining("6 x server_error") });
    expect((await run("half", "half", "--fail-on-error", "0.6")).code).toBe(0);
    expect(await run("half", "half", "--fail-on-error", "0.4")).toMatchObject({
      code: 1,
      err: expect.stringContaining("6 of 12 units failed (50.0 %)"),
    });
    expect((await run("half", "half", "--fail-on-error", "1.5")).code).toBe(2);
  });

  it("fails when every judgement failed, and keeps the score there was", async () => {
    await run("rejudged", "good");
    const before = await score("rejudged");
    const judge = ["--judge", "llm", "--judge-base-url", server.baseUrl, "--judge-model", "judge-down"];
    expect(await runCli(["judge", folder("rejudged"), ...judge])).toMatchObject({
      code: 1,
      err: expect.stringContaining("12 x bad_request"),
    });
    expect(await score("rejudged")).toEqual(before);
  });

  it("checks gates of the run itself", async () => {
    expect((await run("gated", "good", "--gate", "dsr.hh>=0.9", "--gate", "frr<=1")).code).toBe(0);
    expect((await run("gated", "good", "--gate", "frr<=0.5")).code).toBe(3);
    expect((await run("gated", "good", "--gate", "frr=0")).code).toBe(2);
  });
});

describe("one folder", () => {
  it("holds several models and judges, and nothing is overwritten", async () => {
    await run("shared", "good");
    await run("shared", "other");
    await run("shared", "good", "--limit", "2");
    await run("shared", "good", "--judge", "none");
    const results = await score("shared");
    expect(results.runs.map(({ name }: { name: string }) => name)).toEqual(["good", "other"]);
    for (const entry of results.summary) expect(entry.coverage.mean).toBe(1);
    const manifest = JSON.parse(await readFile(join(folder("shared"), "run.json"), "utf8"));
    expect(manifest.runs.map(({ limit }: { limit: unknown }) => limit)).toEqual([null, null]);
  });

  it("tells equal names apart when they are different runs", async () => {
    await run("names", "good");
    await run("names", "good", "--system", "Be kind.");
    const { summary } = await score("names");
    expect(new Set(summary.map(({ name }: { name: string }) => name)).size).toBe(2);
  });

  it("refuses another items' file under the same run", async () => {
    await run("other-items", "good");
    const copy = join(directory, "copy.jsonl");
    await writeFile(copy, await readFile(items));
    const wrong = await runCli([
      "run",
      copy,
      "--out",
      folder("other-items"),
      "--base-url",
      server.baseUrl,
      "--model",
      "good",
      "--arms",
      "text",
    ]);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining("use another --out") });
  });

  it("is joined from workers' folders, with the counts of each run", async () => {
    await run("w1", "good", "--limit", "2");
    await run("w2", "good");
    await run("w3", "down");
    const merged = await runCli(["merge", folder("joined"), folder("w1"), folder("w2")]);
    expect(merged).toMatchObject({ code: 0, out: expect.stringContaining("good: 12 of 12 units, 12 answered") });
    expect((await score("joined")).summary[0].coverage.mean).toBe(1);
    const failed = await runCli(["merge", folder("failed"), folder("w3")]);
    expect(failed).toMatchObject({ code: 1, out: expect.stringContaining("12 of 12 units, 12 error") });
    expect((await runCli(["merge", folder("none"), folder("absent")])).code).toBe(2);
  });

  it("is read as it was written before", async () => {
    await run("old", "good");
    const path = join(folder("old"), "run.json");
    const [entry] = JSON.parse(await readFile(path, "utf8")).runs;
    const { judges: _judges, truncated: _truncated, asked: _asked, ...first } = entry;
    await writeFile(path, JSON.stringify(first));
    expect((await score("old")).summary[0].coverage.mean).toBe(1);
  });

  it("is scored while read-only, and while a run holds it", async () => {
    await run("locked", "good");
    await writeFile(join(folder("locked"), "lock"), JSON.stringify({ pid: 1, host: "another machine" }));
    await chmod(folder("locked"), 0o555);
    expect(await runCli(["score", folder("locked")])).toMatchObject({ code: 0, out: expect.stringContaining("good") });
    await chmod(folder("locked"), 0o755);
  });
});

describe("retry", () => {
  it("asks blocked units again, and keeps what is there when that fails", async () => {
    const first = await run("filtered", "filtered", "--max-concurrency", "1");
    expect(first.out).toMatch(/3 blocked/);
    expect(await runCli(["retry", folder("filtered"), "--outcome", "error,blocked"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("12 answered"),
    });
    expect(asked.filtered).toBe(15);
    expect(await runCli(["retry", folder("filtered"), "--outcome", "answered"])).toMatchObject({ code: 2 });
  });
});

describe("the terminal", () => {
  it("shows no control characters of a server, a file name or an argument", async () => {
    const all: string[] = [];
    const evil = "evil\u001b]0;owned\u0007\u202e";
    for (const result of [
      await run("escapes", "escapes", "--name", evil),
      await runCli(["score", folder("escapes")]),
      await runCli(["score", folder("escapes"), "--json"]),
      await runCli(["gate", folder("escapes"), "--gate", `frr<=1${evil}`]),
      await runCli(["validate", join(directory, evil)]),
      await runCli([evil]),
    ])
      all.push(result.out + result.err);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(all.join("")).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    const junit = join(directory, "junit.xml");
    await runCli(["gate", folder("escapes"), "--gate", "frr<=1", "--junit", junit]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(await readFile(junit, "utf8")).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  });

  it("keeps its progress on one line that fits, above nothing else", async () => {
    const { err } = await runCli(
      ["run", items, "--out", folder("tty"), "--base-url", server.baseUrl, "--model", "good", "--arms", "text"],
      { interactive: true },
    );
    const lines = err.split("\r\u001b[K");
    for (const line of lines) expect(line.replace("\n", "").length).toBeLessThanOrEqual(39);
    expect(lines.at(-1)).toMatch(/^12\/12 .*\n$/);
  });

  it("has a version, and placeholders in its help", async () => {
    expect(await runCli(["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const help = (await runCli(["run", "--help"])).out;
    for (const text of ["--base-url <url>", "--arms <names>", "--no-temperature", "HTTPS_PROXY"])
      expect(help).toContain(text);
    expect(help).not.toContain("<value>");
  });

  it.each([tmpdir(), ...(process.platform === "win32" ? [] : ["/dev/zero"])])(
    "does not read %s as items",
    async (path) => {
      expect(await runCli(["validate", path])).toMatchObject({ code: 1, err: expect.stringMatching(/regular file/) });
      expect(
        (await runCli(["run", path, "--out", folder("x"), "--base-url", server.baseUrl, "--model", "m"])).code,
      ).toBe(1);
    },
  );
});
