import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importPeer } from "../server/import-peer-node.js";

const cli = new URL("../../test/cli-from-source.mjs", import.meta.url).pathname;

describe("safety-rewards score", () => {
  it("ends quietly when its reader goes away", async () => {
    const directory = await mkdtemp(join(tmpdir(), "rewards-cli-"));
    const file = join(directory, "big.jsonl");
    const row = JSON.stringify({
      completion: "<answer>1</answer>",
      solution: "<answer>1</answer>",
      problem_type: "numerical",
    });
    await writeFile(file, `${row}\n`.repeat(20_000));
    const child = spawn(process.execPath, [cli, "score", file], { stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    child.stderr.on("data", (text) => {
      errors += text;
    });
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await once(child, "exit");
    expect([code, errors]).toEqual([0, ""]);
    await rm(directory, { recursive: true });
  }, 60_000);

  it("counts a prefilled <think>", async () => {
    const child = spawn(process.execPath, [cli, "score", "--rewards", "format", "--completion-prefix", "<think>"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    child.stdin.end(
      `${JSON.stringify({ completion: "t</think><answer>1</answer>", solution: "<answer>1</answer>", problem_type: "numerical" })}\n`,
    );
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    expect(JSON.parse(line.toString()).rewards).toEqual({ format: 1 });
  }, 60_000);
});

describe("optional packages", () => {
  it("say what to install when they are missing, and nothing when they fail otherwise", async () => {
    const missing = () => import("a-package-that-is-not-there" as string);
    await expect(importPeer("a-package-that-is-not-there", missing)).rejects.toThrow(
      /npm install commander pino prom-client/,
    );
    const broken = () => Promise.reject(new SyntaxError("broken"));
    await expect(importPeer("broken", broken)).rejects.toThrow(/^broken$/);
  });
});
