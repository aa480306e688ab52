import { spawn } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readJsonl } from "../jsonl/jsonl-node.js";
import { estimateFromFile, generateToFolder } from "./generate-folder-node.js";

const COUNT = 36;
let folder = "";
let url = "";
const seen: string[] = [];
let onRequest: (count: number) => void = () => undefined;
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const topic = /about (t\d+)/.exec(body)?.[1] ?? "";
  seen.push(topic);
  onRequest(seen.length);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const content = `<query>what of ${topic} ${topic}?</query><answer>no to ${topic}</answer>`;
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      choices: [{ message: { content }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    }),
  );
});
const read = async (out: string, name: string): Promise<string> => readFile(join(out, name), "utf8");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "generate-"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const topics = Array.from({ length: 5000 }, (_, i) => `t${i}`);
  const kind = {
    id: "H",
    textual: 1,
    bind: ["topic"],
    model: { prompt: "Write about {topic}.", writes: ["query", "answer"] },
  };
  const grammar = {
    format: "videosafety-grammar/1",
    id: "g",
    languages: { en: { rules: { topic: topics }, kinds: [kind] } },
  };
  await writeFile(join(folder, "grammar.json"), JSON.stringify(grammar));
  const config = {
    grammar: "grammar.json",
    count: COUNT,
    filters: { duplicates: null },
    generator: { baseUrl: url, model: "w", apiKeyEnv: "GENERATE_TEST_KEY" },
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});
const environment = { GENERATE_TEST_KEY: "key-of-the-test" };

it("loses nothing and asks nothing twice that was acknowledged when killed with SIGKILL", async () => {
  const [config, out, whole] = ["config.json", "killed", "whole"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const cli = fileURLToPath(new URL("../../test/cli-from-source.mjs", import.meta.url));
  const child = spawn(process.execPath, [cli, "generate", config, "--out", out], {
    env: { ...process.env, ...environment },
    stdio: "ignore",
  });
  onRequest = (count) => {
    if (count === 18) child.kill("SIGKILL");
  };
  const signal = await new Promise((resolve) => child.once("exit", (_, name) => resolve(name)));
  onRequest = () => undefined;
  expect(signal).toBe("SIGKILL");
  expect(await readdir(out)).toEqual(["journal.jsonl", "lock"]);
  const acknowledged = (await read(out, "journal.jsonl")).split("\n").filter((line) => line.endsWith("}")).length - 1;
  expect(acknowledged).toBeGreaterThan(9);
  await appendFile(join(out, "journal.jsonl"), '{"kind":"written","index":11'); // and torn
  const before = seen.length;
  const report = await generateToFolder(config, out, { environment, resume: true });
  expect(report.kept).toBe(COUNT);
  expect(seen.length - before).toBe(COUNT - acknowledged);
  await generateToFolder(config, whole, { environment });
  for (const name of ["sft.jsonl", "dropped.jsonl"]) expect(await read(out, name)).toBe(await read(whole, name));
  expect(JSON.parse(await read(out, "report.json"))).toEqual(JSON.parse(await read(whole, "report.json")));
  const files = await Promise.all((await readdir(out)).map((name) => read(out, name)));
  expect(files.join("")).not.toContain(environment.GENERATE_TEST_KEY);
}, 60_000);

it("needs the word resume, asks nobody again, and refuses a broken journal and a second process", async () => {
  const [config, out] = [join(folder, "config.json"), join(folder, "again")];
  await generateToFolder(config, out, { environment });
  const [records, before] = [await read(out, "sft.jsonl"), seen.length];
  await expect(generateToFolder(config, out, { environment })).rejects.toMatchObject({ code: "journal" });
  await generateToFolder(config, out, { environment, resume: true });
  expect([await read(out, "sft.jsonl"), seen.length]).toEqual([records, before]);
  await writeFile(join(out, "lock"), JSON.stringify({ pid: 1, host: "another machine" }));
  await expect(generateToFolder(config, out, { environment, resume: true })).rejects.toMatchObject({
    name: "FileLockError",
    code: "locked",
  });
  await rm(join(out, "lock"));
  await truncate(join(out, "journal.jsonl"), 10);
  await appendFile(join(out, "journal.jsonl"), "\n{}\n");
  await expect(generateToFolder(config, out, { environment, resume: true })).rejects.toMatchObject({
    code: "journal",
    message: expect.stringMatching(/journal\.jsonl:1/),
  });
  expect(await read(out, "sft.jsonl")).toBe(records);
});

it.each<[string, unknown, RegExp]>([
  ["no JSON", "{", /config.*expected a JSON file/s],
  ["no grammar", { count: 3 }, /grammar/],
  ["a missing grammar", { grammar: "none.json", count: 3 }, /none\.json.*ENOENT/s],
  ["an unknown setting", { grammar: "grammar.json", count: 3, modle: 1 }, /modle/],
  [
    "an unset key",
    { grammar: "grammar.json", count: 3, generator: { baseUrl: "a", model: "w", apiKeyEnv: "NO_SUCH_KEY" } },
    /NO_SUCH_KEY.*unset/,
  ],
  ["bad media", { grammar: "grammar.json", count: 3, media: "grammar.json" }, /grammar\.json:1/],
])("refuses %s before the folder is touched", async (_, config, message) => {
  const path = join(folder, "bad.json");
  await writeFile(path, typeof config === "string" ? config : JSON.stringify(config));
  await expect(generateToFolder(path, join(folder, "none"), { environment })).rejects.toThrow(message);
  await expect(estimateFromFile(path, environment)).rejects.toThrow(message);
  await expect(readdir(join(folder, "none"))).rejects.toThrow(/ENOENT/);
});

it("writes what the shipped examples say, every query once beside a clip of one label", async () => {
  const out = join(folder, "symbolic");
  const examples = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const report = await generateToFolder(examples("generate-symbolic.json"), out);
  expect(Object.keys(report.languages)).toEqual(["en", "es", "zh"]);
  let lines = 0;
  for await (const record of readJsonl<{ solution: string }>(join(out, "rl.jsonl"))) {
    expect(record.solution).toMatch(
      /^<think>.*<\/think><answer>.*<\/answer><vidType>[01]<\/vidType><textType>[01]<\/textType>$/s,
    );
    lines++;
  }
  expect(lines).toBe(report.kept);
  expect((await estimateFromFile(examples("generate-model.json"), {})).written).toBe(200);
});
