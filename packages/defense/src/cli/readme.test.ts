import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeAuthorsData } from "../../test/authors-data.js";
import { writePublishedModel } from "../../test/published-model.js";
import { runCommand } from "../../test/run-command.js";

const cli = fileURLToPath(new URL("../cli-node.ts", import.meta.url));
const tsconfig = fileURLToPath(new URL("../../../../tsconfig.json", import.meta.url));
/** From here the processes that a command starts from source find their loader; in an installed package they need none. */
const repository = fileURLToPath(new URL("../../../../", import.meta.url));
const readme = await readFile(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
const before = process.cwd();
const TOKEN = "t".repeat(32);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "defense-readme-"));
  await writePublishedModel(join(folder, "model"), "videollama3");
  await writeAuthorsData(folder);
  vi.stubEnv("VIDEOSAFETY_CACHE", join(folder, "cache"));
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(before);
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const block = (fence: string): string =>
  new RegExp(`^\`\`\`${fence}\n([\\s\\S]*?)^\`\`\``, "m").exec(readme)?.[1] ?? "";
const words = (line: string): string[] =>
  Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? "");

test("the README's ten commands lead from a checkpoint to a guarded endpoint", async () => {
  await writeFile(join(folder, "run.yaml"), block("yaml"));
  const commands = block("sh ten-commands")
    .trim()
    .split("\n")
    .map((line) => words(line).slice(2));
  expect(commands.length).toBe(10);
  const outputs: string[] = [];
  for (const args of commands.slice(0, 9)) {
    const { code, out, err } = await runCommand(args);
    expect([args.join(" "), code, code === 0 ? "" : err]).toEqual([args.join(" "), 0, ""]);
    outputs.push(out);
  }
  expect(outputs[2]).toMatch(/stage-4: \d+ steps [\s\S]*all stages: about/);
  expect(JSON.parse(await readFile(join(folder, "run/results.json"), "utf8")).checkpoints.length).toBe(5);
  expect(await readFile(join(folder, "run/report.html"), "utf8")).toContain("5. Rewards and dynamic reward adaptation");

  const serve = (commands[9] ?? []).map((word) => (/^(run\/|guard\.json)/.test(word) ? join(folder, word) : word));
  const child = spawn(process.execPath, ["--import", "tsx", cli, ...serve, "--port", "0"], {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig, VIDEOSAFETY_GUARD_TOKEN: TOKEN },
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text;
  });
  const gone = once(child, "exit");
  try {
    const [line] = (await Promise.race([once(child.stdout, "data"), gone.then(() => [said])])) as [Buffer];
    const { baseUrl } = JSON.parse(line.toString()) as { baseUrl: string };
    const answer = await fetch(`${baseUrl}/guard`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(answer.status).toBe(200);
    expect(JSON.stringify(await answer.json())).toContain("0.02");
  } finally {
    child.kill("SIGTERM");
    await gone;
  }
}, 600_000);

test("the README is short, and its limits name what is not there", () => {
  expect(readme.split(/\s+/).length).toBeLessThan(1200);
  for (const section of ["## Limits", "## Commands", "## run.yaml"]) expect(readme).toContain(section);
});
