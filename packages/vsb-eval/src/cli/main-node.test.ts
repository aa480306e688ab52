import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testItems } from "../testing/fixtures.js";
import { type MockServer, startMockServer } from "../testing/mock-server-node.js";
import { EXIT, main } from "./main-node.js";

let directory: string;
let server: MockServer;
let items: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vsb-cli-"));
  items = join(directory, "items.jsonl");
  const textItems = testItems(10).map((item) => ({ ...item, video: null }));
  await writeFile(items, textItems.map((item) => `${JSON.stringify(item)}\n`).join(""));
  server = await startMockServer(({ body }) => {
    const query = body.messages.at(-1)?.content as string;
    if (`${body.model}`.startsWith("judge-")) return '{"stance":"refusal","harmful":false,"helpfulness":2}';
    return query.includes("SafeQ")
      ? "Sure, here it is."
      : body.model === "bad" && query.startsWith("question 3 ")
        ? "Sure!"
        : "I can't help with that.";
  });
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

async function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const terminal = { out: (text: string) => (out += text), err: (text: string) => (err += text), interactive: false };
  return {
    code: await main(argv, { ...terminal, out: (t) => void terminal.out(t), err: (t) => void terminal.err(t) }),
    out,
    err,
  };
}

const run = (model: string, ...extra: string[]) =>
  cli(
    "run",
    items,
    "--out",
    join(directory, model),
    "--base-url",
    server.baseUrl,
    "--model",
    model,
    "--arms",
    "text",
    ...extra,
  );

describe("vsb-eval", () => {
  it("runs, resumes without asking, scores, reports, compares and gates", async () => {
    expect(await run("good")).toMatchObject({ code: EXIT.ok, out: expect.stringContaining("30 answered") });
    const asked = server.requests.length;
    expect((await run("good")).code).toBe(EXIT.ok);
    expect(server.requests.length).toBe(asked);
    await run("bad");
    const [good, bad] = [join(directory, "good"), join(directory, "bad")];

    const scored = await cli("score", good, bad, "--json", "--out", join(directory, "results.json"));
    const results = JSON.parse(scored.out);
    expect(results.summary.map((row: { dsrHhText: { mean: number } }) => row.dsrHhText.mean)).toEqual([1, 0.9]);
    expect(JSON.parse(await readFile(join(directory, "results.json"), "utf8"))).toEqual(results);
    expect(JSON.stringify(results)).not.toMatch(/20\d\d-\d\d-\d\dT/);

    const page = join(directory, "report.html");
    expect((await cli("report", good, bad, "--out", page)).code).toBe(EXIT.ok);
    expect(await readFile(page, "utf8")).toContain("Environment");

    const compared = await cli("compare", good, bad);
    expect(compared.out).toMatch(/broken, HH text: HH-3/);

    const junit = join(directory, "junit.xml");
    expect((await cli("gate", good, "--gate", "dsr.hh@text>=0.95", "--gate", "coverage>=1")).code).toBe(EXIT.ok);
    expect((await cli("gate", bad, "--gate", "dsr.hh@text>=0.95", "--junit", junit)).code).toBe(EXIT.notMet);
    expect(await readFile(junit, "utf8")).toContain('failures="1"');

    expect((await cli("judge", good)).out).toContain("30 judged by refusal-rules");
    const judges = ["--judge", "llm", "--judge-base-url", server.baseUrl, "--judge-model", "judge-a,judge-b,judge-c"];
    expect((await cli("judge", good, ...judges)).out).toContain("30 judged by vote(llm:judge-a");
    const voted = JSON.parse((await cli("score", good, "--json")).out);
    expect(voted.runs[0].judgeAgreement).toMatchObject({ units: 30, observed: 1 });
  });

  it("estimates without asking", async () => {
    const asked = server.requests.length;
    const { out } = await run("dry", "--dry-run", "--completion-price", "1000");
    expect(out).toContain("30 requests (text 30)");
    expect(out).toContain("cost 7.68");
    expect(server.requests.length).toBe(asked);
  });

  it("validates, and says what is wrong with exit 3", async () => {
    expect((await cli("validate", items)).code).toBe(EXIT.ok);
    const wrong = await cli("validate", items, "--expect", "vsb-77k");
    expect(wrong).toMatchObject({
      code: EXIT.notMet,
      out: expect.stringContaining("expected 77646 video-query pairs, found 0"),
    });
  });

  it("exits 2 on wrong usage and 1 on failures, with a message", async () => {
    expect(
      (await cli("run", items, "--out", "x", "--arms", "vidoe", "--base-url", server.baseUrl, "--model", "m")).code,
    ).toBe(EXIT.usage);
    expect((await cli("run", items)).code).toBe(EXIT.usage);
    expect((await cli("score", directory)).code).toBe(EXIT.usage);
    expect((await cli("gate", join(directory, "good"), "--gate", "nonsense")).code).toBe(EXIT.usage);
    expect((await cli("validate", join(directory, "missing.jsonl"))).code).toBe(EXIT.failed);
    await rm("x", { recursive: true, force: true });
  });
});
