import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evalConfigJsonSchema } from "../config/eval-config.js";
import { testItems } from "../testing/fixtures.js";
import { type MockServer, startMockServer } from "../testing/mock-server-node.js";
import { runCli } from "../testing/run-cli-node.js";

const MODEL_KEY = "model-key-0123456789";
const JUDGE_KEY = "judge-key-9876543210";
let directory: string;
let model: MockServer;
let judge: MockServer;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vsb-config-"));
  const rows = testItems(2).map((item) => ({ ...item, video: null }));
  await writeFile(join(directory, "items.jsonl"), rows.map((item) => `${JSON.stringify(item)}\n`).join(""));
  // Both servers echo their keys: in an answer, and in an error.
  model = await startMockServer(({ body, headers }, response) => {
    if (JSON.stringify(body.messages).includes("question 1 of SafeQ")) {
      response.statusCode = 400;
      response.end(`bad request with ${headers.authorization}`);
      return undefined;
    }
    return `I can't help with that. ${headers.authorization}`;
  });
  judge = await startMockServer(({ headers }, response) => {
    response.statusCode = 400;
    response.end(`you sent ${headers["x-api-key"]}`);
    return undefined;
  });
  process.env.VSB_TEST_MODEL_KEY = MODEL_KEY;
  process.env.VSB_TEST_JUDGE_KEY = JUDGE_KEY;
});
afterAll(async () => {
  await Promise.all([model.close(), judge.close(), rm(directory, { recursive: true })]);
  delete process.env.VSB_TEST_MODEL_KEY;
  delete process.env.VSB_TEST_JUDGE_KEY;
});

async function config(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const yaml = (): string => `
items: items.jsonl
out: runs/one
arms: [text]
generation: { maxNewTokens: 99 }
models:
  - name: first
    baseUrl: ${model.baseUrl}
    model: m1
    apiKeyEnv: VSB_TEST_MODEL_KEY
    tokensField: max_completion_tokens
    extraBody: { temperature: null, seed: null, top_k: 1 }
    maxRetries: 0
  - name: second
    baseUrl: ${model.baseUrl}
    model: m2
    maxRetries: 0
judges:
  - kind: rules
  - kind: llm
    baseUrl: ${judge.baseUrl}
    model: j
    headers: { X-Api-Key: { env: VSB_TEST_JUDGE_KEY } }
    maxTokens: 77
    maxRetries: 0
truncated: unsafe
gates: ["coverage>=0"]
`;

describe("a configuration", () => {
  it("runs models and judges, each server with its own key, and is saved without secrets", async () => {
    const path = await config("eval.yaml", yaml());
    const { code, out, err } = await runCli(["run", path]);
    expect(out).toContain("first: ");
    expect(out).toContain("second: ");
    // The second judge failed throughout, so the command has failed; the rules' verdicts stand.
    expect(code).toBe(1);
    expect(err).toContain("bad_request");
    const bodies = model.requests.map(({ body }) => body);
    expect(bodies.find((body) => body.model === "m1")).toMatchObject({ max_completion_tokens: 99, top_k: 1 });
    expect(bodies.find((body) => body.model === "m1")).not.toHaveProperty("seed");
    expect(bodies.find((body) => body.model === "m2")).toMatchObject({ max_tokens: 99, temperature: 0 });
    const keys = (server: MockServer) =>
      new Set(server.requests.flatMap(({ headers }) => [headers.authorization, headers["x-api-key"]]));
    expect(keys(model)).toEqual(new Set([`Bearer ${MODEL_KEY}`, undefined]));
    expect(keys(judge)).toEqual(new Set([undefined, JUDGE_KEY]));
    expect(judge.requests[0]?.body).toMatchObject({ max_tokens: 77 });
    const folder = join(directory, "runs/one");
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
    for (const text of [...files, out, err]) {
      expect(text).not.toContain(MODEL_KEY);
      expect(text).not.toContain(JUDGE_KEY);
    }
    const [entry] = JSON.parse(await readFile(join(folder, "run.json"), "utf8")).runs;
    expect(entry).toMatchObject({
      truncated: "unsafe",
      asked: { models: [{ apiKeyEnv: "VSB_TEST_MODEL_KEY", revision: "unknown" }] },
    });
    expect((await runCli(["score", folder])).code).toBe(0);
    expect(await runCli(["score", folder, "--judge", "llm:j"])).toMatchObject({ code: 0 });
    expect(await runCli(["score", folder, "--judge", "nobody"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("refusal-rules"),
    });
  });

  it("asks the other models when one has no credit", async () => {
    const broke = await startMockServer((_request, response) => {
      response.statusCode = 402;
      response.end();
      return undefined;
    });
    const text = `items: items.jsonl\nout: runs/broke\narms: [text]\nmodels:\n  - { name: broke, baseUrl: "${broke.baseUrl}", model: b }\n  - { name: rich, baseUrl: "${model.baseUrl}", model: r, maxRetries: 0 }\n`;
    const { code, out, err } = await runCli(["run", await config("broke.yaml", text)]);
    await broke.close();
    expect(code).toBe(1);
    expect(err).toMatch(/402.*no credit/);
    expect(broke.requests.length).toBeLessThanOrEqual(6);
    expect(out).toContain("rich: ");
  });

  it("is overridden by flags", async () => {
    const path = await config("over.yaml", yaml().replace("runs/one", "runs/two"));
    expect(await runCli(["run", path, "--dry-run", "--limit", "1"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^1 requests \(text 1\) for each of 2 models/),
    });
    expect(await runCli(["run", path, "--model", "m3"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("2 models"),
    });
    expect(await runCli(["run", path, "--judge", "rules", "--limit", "1", "--fail-on-error", "0"])).toMatchObject({
      code: 0,
    });
  });

  it.each<[string, string, RegExp]>([
    ["an unknown member", "items: i\nout: o\nmodles: []\n", /modles/],
    ["a member twice", "items: i\nitems: j\n", /unique/],
    ["no mapping", "- a\n", /mapping/],
    ["broken YAML", "items: [\n", /flow/i],
    [
      "a key instead of its variable",
      `items: i\nout: o\nmodels: [{ baseUrl: h/v1, model: m, apiKeyEnv: sk-abcdefghijklmnop }]`,
      /apiKeyEnv|variable/,
    ],
    [
      "a key in a header",
      `items: i\nout: o\nmodels: [{ baseUrl: h/v1, model: m, headers: { Authorization: Bearer abcdefghijkl } }]`,
      /env: NAME/,
    ],
    [
      "a password in an address",
      `items: i\nout: o\nmodels: [{ baseUrl: "http://u:hunter22@h/v1", model: m }]`,
      /without a password/,
    ],
    [
      "a key in an address",
      `items: i\nout: o\nmodels: [{ baseUrl: "http://h/v1?key=hunter22", model: m }]`,
      /without a password/,
    ],
    [
      "a secret in the body",
      `items: i\nout: o\nmodels: [{ baseUrl: h/v1, model: m, extraBody: { api_key: hunter22 } }]`,
      /no secret/,
    ],
    ["a misspelt judge", `items: i\nout: o\nmodels: [{ baseUrl: h/v1, model: m }]\njudges: [{ kind: rule }]`, /judges/],
    [
      "a variable that is not set",
      "items: items.jsonl\nout: o\nmodels: [{ baseUrl: h/v1, model: m, apiKeyEnv: VSB_TEST_NOT_SET }]",
      /VSB_TEST_NOT_SET/,
    ],
  ])("with %s is refused, and its values are not repeated", async (_, text, message) => {
    const { code, err } = await runCli(["run", await config("bad.yaml", text)]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/hunter22|abcdefghijkl/);
  });

  it("has a JSON Schema, which is the one that is published", async () => {
    const published = JSON.parse(await readFile(new URL("../../schema/eval-config.json", import.meta.url), "utf8"));
    expect(published).toEqual(JSON.parse(JSON.stringify(evalConfigJsonSchema())));
    expect(JSON.parse((await runCli(["schema"])).out)).toEqual(published);
  });
});

describe("flags", () => {
  const base = ["run", "ITEMS", "--arms", "text", "--max-retries", "0", "--limit", "1"];
  const flags = (...extra: string[]) =>
    runCli([...base.map((arg) => (arg === "ITEMS" ? join(directory, "items.jsonl") : arg)), ...extra]);

  it("give the judge's server nothing of the model's", async () => {
    judge.requests.length = 0;
    const out = join(directory, "runs/flags");
    const given = ["--out", out, "--base-url", model.baseUrl, "--model", "m", "--api-key-env", "VSB_TEST_MODEL_KEY"];
    await flags(
      ...given,
      "--no-temperature",
      "--no-seed",
      "--judge",
      "llm",
      "--judge-base-url",
      judge.baseUrl,
      "--judge-model",
      "j",
      "--judge-no-temperature",
      "--judge-max-tokens",
      "33",
      "--judge-max-tokens-field",
      "max_completion_tokens",
      "--judge-api-key-env",
      "VSB_TEST_JUDGE_KEY",
    );
    const sent = model.requests.at(-1)?.body;
    expect(sent).not.toHaveProperty("temperature");
    expect(sent).not.toHaveProperty("seed");
    expect(judge.requests[0]?.headers.authorization).toBe(`Bearer ${JUDGE_KEY}`);
    expect(judge.requests[0]?.body).toMatchObject({ max_completion_tokens: 33 });
    expect(judge.requests[0]?.body).not.toHaveProperty("temperature");
  });

  it.each<[string, string[], RegExp]>([
    [
      "a password in --base-url",
      ["--base-url", "http://u:hunter22@h/v1", "--model", "m", "--out", "x"],
      /without a password/,
    ],
    [
      "a password in --queue",
      ["--base-url", "h/v1", "--model", "m", "--out", "x", "--queue", "redis://:hunter22@h"],
      /REDIS_PASSWORD/,
    ],
    [
      "a key in --api-key-env",
      ["--base-url", "h/v1", "--model", "m", "--out", "x", "--api-key-env", "sk-hunter22"],
      /variable/,
    ],
    [
      "a body that is no object",
      ["--base-url", "h/v1", "--model", "m", "--out", "x", "--extra-body", "[1]"],
      /JSON object/,
    ],
    [
      "a judge without a model",
      ["--base-url", "h/v1", "--model", "m", "--out", "x", "--judge", "llm"],
      /--judge-model/,
    ],
    ["neither server nor module", ["--out", "x"], /--responder, or --base-url and --model/],
    ["a model without a server", ["--out", "x", "--model", "m"], /only --model/],
    ["no folder", ["--base-url", "h/v1", "--model", "m"], /--out <folder>/],
  ])("refuse %s", async (_, extra, message) => {
    const { code, err } = await flags(...extra);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).not.toContain("hunter22");
  });
});

it("a folder is no configuration", async () => {
  await mkdir(join(directory, "folder.yaml"), { recursive: true });
  expect(await runCli(["run", join(directory, "folder.yaml")])).toMatchObject({
    code: 1,
    err: expect.stringContaining("a folder"),
  });
});
