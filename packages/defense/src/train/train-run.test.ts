import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { RUN_FILE, writeAuthorsData } from "../../test/authors-data.js";
import { writePublishedModel } from "../../test/published-model.js";
import { runCommand, writeRun } from "../../test/run-command.js";
import { readEvents, rewardRows } from "../progress/event-log-node.js";
import { runPage } from "../progress/run-page.js";

const cli = fileURLToPath(new URL("../../test/cli-from-source.mjs", import.meta.url));
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "defense-"));
  vi.stubEnv("VIDEOSAFETY_CACHE", join(root, "cache"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** Runs a command in this process. */
const videosafety = (...args: string[]) => runCommand(args);

/** A folder of this name with everything that a run needs. @returns the run file's path */
const newRun = (name: string) => writeRun(join(root, name), RUN_FILE);

/** Trains in a process of its own, which is killed once an event fits. @returns its exit code; null when it was killed */
function trainAndKill(run: string, out: string, fits?: (line: string) => boolean): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, "train", run, "--out", out, "--resume", "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (text: Buffer) => {
      errors += text.toString();
    });
    child.stdout.on("data", (text: Buffer) => {
      if (fits?.(text.toString())) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("close", (code) => (code ? reject(new Error(errors)) : resolve(code)));
  });
}

const checkpoint = (stage: string, step: number) => (text: string) =>
  text.includes(`"stage":"${stage}"`) && text.includes(`"type":"checkpoint","step":${step}`);

async function filesOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(folder.length), (await readFile(path)).toString("base64"));
    }
  return files;
}

test.each(["videollama3", "qwen2-vl"] as const)(
  "%s as published, the authors' records, four stages with adapters: killed and resumed with equal bits, evaluated, guarded",
  async (family) => {
    const folder = join(root, family);
    await writePublishedModel(join(folder, "model"), family);
    await writeAuthorsData(folder);
    const file = join(folder, "run.yaml");
    await writeFile(file, RUN_FILE);
    const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
    expect(await videosafety("train", file, "--out", whole)).toMatchObject({ code: 0 });

    expect(await trainAndKill(file, broken, checkpoint("stage-2", 2))).toBeNull();
    expect(await trainAndKill(file, broken, checkpoint("stage-4", 1))).toBeNull();
    expect(await trainAndKill(file, broken)).toBe(0);
    expect(await filesOf(join(broken, "models"))).toEqual(await filesOf(join(whole, "models")));
    const [events, expected] = [
      await readEvents(join(broken, "events.jsonl")),
      await readEvents(join(whole, "events.jsonl")),
    ];
    expect(rewardRows(events, "stage-4")).toEqual(rewardRows(expected, "stage-4"));
    expect(rewardRows(events, "stage-4")[0]).toMatchObject({ parts: { alpha: expect.any(Number) } });
    expect(new Set(rewardRows(events, "stage-4").map(({ reward }) => reward)).size).toBeGreaterThan(1);
    const page = await readFile(join(broken, "progress.html"), "utf8");
    expect(page).toContain("Finished.");
    expect(runPage("a run", events.slice(0, -1), null)).toContain("Stopped before its end");
    expect(page).toContain("DRA: alpha");
    expect(page).not.toMatch(/<script|http-equiv|src=/);

    const evaluated = await videosafety("evaluate", broken, "--json");
    expect(evaluated.code).toBe(0);
    const results = JSON.parse(evaluated.out);
    expect(results.checkpoints).toEqual(["base", "stage-1", "stage-2", "stage-3", "stage-4"]);
    expect(results.evaluation.runs.map((one: { name: string }) => one.name).slice(5)).toEqual([
      ...["always refuse", "never refuse", "words: naive Bayes", "words: logistic regression"],
      ...["frames: logistic regression", "vision encoder: logistic regression"],
    ]);
    expect(
      results.understanding.map((one: { run: string; arm: string; n: number }) => [one.run, one.arm, one.n]),
    ).toEqual(
      results.checkpoints.flatMap((name: string) => [
        [name, "video", 4],
        [name, "text", 4],
      ]),
    );
    expect(Object.keys(results.scores)).toEqual(results.checkpoints);
    expect(results.scores["stage-4"]).toMatchObject({ "items: a": { of: 8 }, "probes: a": { of: 2 } });
    expect(results).toMatchObject({ seed: 1, environment: { packages: { "onnxruntime-node": expect.any(String) } } });
    expect(await readFile(join(broken, "evaluation.html"), "utf8")).not.toContain('class="blur"');
    const first = await readFile(join(broken, "results.json"), "utf8");
    const again = await videosafety("evaluate", file, "--out", broken);
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^probes: a .* of 2$/m) });
    expect(await readFile(join(broken, "results.json"), "utf8")).toBe(first); // and nothing was asked again
    expect(JSON.stringify(results)).not.toContain(root);
    const guard = join(folder, "guard.json");
    const lines = (await readFile(join(folder, "calibration.jsonl"), "utf8")).trim().split("\n");
    const few = join(folder, "few.jsonl");
    await writeFile(few, [...lines.slice(0, 20), ...lines.slice(-2)].join("\n")); // the least for a promise of 0.4
    const calibrated = await videosafety(
      ...["guard", "calibrate", "--checkpoint", join(broken, "models", "stage-4"), "--items", few],
      ...["--media-root", join(folder, "media"), "--target-frr", "0.4", "--confidence", "none", "--out", guard],
    );
    expect([calibrated.code, calibrated.err]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(await readFile(guard, "utf8"))).toBeTypeOf("object");
  },
  600_000,
);

test("what is wrong is said in one line before anything is trained", async () => {
  const file = await newRun("bad");
  const attempt = async (change: (text: string) => string, ...args: string[]) => {
    await writeFile(file, change(RUN_FILE));
    const { code, out, err } = await videosafety("train", file, ...args);
    expect(out).toBe("");
    return `${code}: ${err.trim()}`;
  };
  const replace = (a: string, b: string) => (text: string) => text.replace(a, b);
  expect(await attempt(replace("saveSteps", "saveStep"))).toMatch(
    /^1: videosafety train: .*did you mean saveSteps\?.*\[invalid-run-file\]$/,
  );
  expect(await attempt(replace("missingLabels: safe", "missingLabels: throw"))).toMatch(
    /^1: .*stage-2: .*general\.jsonl:1: .*\[labels-missing\]$/,
  );
  expect(await attempt(replace("mediaRoot: media }\n  general", "mediaRoot: . }\n  general"))).toMatch(
    /^1: .*sft\.jsonl:1: .*\[media-missing\]$/,
  );
  expect(
    await attempt(replace("- { stage: 1, sources: [vst, general]", "- { stage: 3, sources: [vst, general]")),
  ).toMatch(/\[stage-order\]$/);
  expect(await attempt(replace("sources: [cot]", "sources: [rl]"))).toMatch(
    /layout sft named rl.*\[invalid-run-file\]$/,
  );
  expect(await attempt(replace("variety: 1", "varety: 1"))).toMatch(/did you mean variety\?/);
  expect(await attempt(replace("precision: float32", "precision: float32\n  providers: [cuda9]"))).toMatch(
    /\[provider-absent\]$/,
  );
  expect(await attempt(replace("source: model", "source: nowhere/at/all"))).toMatch(/^1: .*nowhere\/at\/all/);
  expect(await attempt((text) => text, "--stages", "3,4")).toMatch(
    /expected alarm tokens that an earlier stage trained.*\[stage-order\]$/,
  );
  expect(await attempt((text) => text, "--stages", "5")).toMatch(/^2: /);
  expect(await attempt((text) => text, "--set", "nothing")).toMatch(/^2: /);
  expect((await videosafety("train")).code).toBe(2);
}, 300_000);

test("a dry run measures stage 4 with the prompt that it trains on", async () => {
  const file = await newRun("dry");
  // Enough for the question alone, as the run file asks it, not for the authors' words around it.
  const args = ["train", file, "--dry-run", "--stages", "4", "--set", "maxLength=200"];
  expect(await videosafety(...args)).toMatchObject({ code: 0, err: "" });
  expect((await videosafety(...args, "--set", "stages.stage-4.prompt=authors")).err).toMatch(
    /at most 200 tokens of prompt/,
  );
}, 300_000);

test("the base is measured before anything is trained; a mistake of a scorer is told with its module", async () => {
  const file = await newRun("base");
  const folder = dirname(file);
  const evaluate = (...args: string[]) => videosafety("evaluate", file, "--out", join(folder, "none"), ...args);
  expect(await evaluate()).toMatchObject({ code: 1, err: expect.stringMatching(/\[run-differs\]/) });
  expect((await evaluate("--checkpoints", "base")).err).toMatch(/^base: defended HH \d.* refused SafeQ \d/m);
  const scorer = join(folder, "scorer-2.mjs");
  await writeFile(scorer, "export const score = () => ({ scores: { right: { count: 3, of: 2 } } });");
  const told = ["--checkpoints", "base", "--set", `evaluation.scorers=[${scorer}]`];
  const prompted = ["--checkpoints", "base", "--set", 'evaluation.prompts.stage-9="{query}?"'];
  expect((await evaluate(...prompted)).err).toMatch(
    /evaluation\.prompts: expected checkpoints of the run.*found stage-9/,
  );
  const unasked = ["--checkpoints", "base", "--set", "evaluation.prompts.base=think"];
  expect((await evaluate(...unasked)).err).toMatch(/expected \{query\} in it/);
  expect(await evaluate(...told)).toMatchObject({ code: 1, err: expect.stringMatching(/scorer-2.*scores\.right/) });
  const none = ["--checkpoints", "base", "--set", `evaluation.scorers=[${join(folder, "rewards.mjs")}]`];
  expect(await evaluate(...none)).toMatchObject({ code: 1, err: expect.stringMatching(/expected an export `score`/) });
  const twice = ["--checkpoints", "base", "--set", `evaluation.probes=${join(folder, "held-out.jsonl")}`];
  expect(await evaluate(...twice)).toMatchObject({ code: 1, err: expect.stringMatching(/found item-0 in both/) });
}, 300_000);

test("a folder takes one run: another is refused by what differs, the same goes on; records that changed are noticed", async () => {
  const file = await newRun("same");
  const folder = dirname(file);
  const out = join(folder, "only");
  const train = (...args: string[]) => videosafety("train", file, "--out", out, "--stages", "1", ...args);
  expect((await train()).code).toBe(0);
  expect(await train()).toMatchObject({ code: 1, err: expect.stringMatching(/add --resume/) });
  expect(await train("--resume", "--seed", "2")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/seed, .*differ.*\[run-differs\]/),
  });
  expect(await train("--resume")).toMatchObject({ code: 0, err: expect.stringMatching(/kept from before/) });
  // More stages may follow; fewer are another run.
  expect(await videosafety("train", file, "--out", out, "--stages", "1,2", "--resume")).toMatchObject({ code: 0 });
  expect(await train("--resume")).toMatchObject({ code: 1, err: expect.stringMatching(/stages.*\[run-differs\]/) });
  const more = (...args: string[]) =>
    videosafety("train", file, "--out", join(folder, "more"), "--stages", "1", ...args);
  await more();
  await rm(join(folder, "more", "models"), { recursive: true });
  const record = join(folder, "more", "run.json");
  await writeFile(record, (await readFile(record, "utf8")).replace(/"stage-1": "[^"]*"/, ""));
  const sft = join(folder, "sft.jsonl");
  await writeFile(sft, (await readFile(sft, "utf8")).replaceAll("a sign appears.", "a person walks."));
  expect(await more("--resume")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/expected the data that .*\[checkpoint-mismatch\]/),
  });
}, 300_000);
