// The shortened defense pipeline, end to end: one uninterrupted run, one killed with SIGKILL several times and resumed.
// Both must write the same results.json, byte for byte. Usage errors must exit with 2.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finish, root } from "./packages.mjs";

const scratch = mkdtempSync(join(tmpdir(), "videosafety-pipeline-"));
const main = `${root}examples/defense-pipeline/dist/main.js`;
const findings = [];

function pipeline(out, ...flags) {
  return [main, "--quick", "--seed", "7", "--out", out, ...flags];
}

/** Runs to the end, or until what it says fits and a moment has passed; resolves to the exit code or signal. */
function run(out, flags, killAt) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, pipeline(out, ...flags), { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    let killing = false;
    child.stderr.on("data", (chunk) => {
      errors += chunk;
      if (killAt === undefined || killing || !killAt.test(errors)) return;
      killing = true;
      setTimeout(() => child.kill("SIGKILL"), 300);
    });
    child.on("close", (code, signal) => resolve({ code, signal, errors }));
  });
}

const whole = join(scratch, "whole");
const reference = await run(whole, []);
if (reference.code !== 0)
  findings.push(`uninterrupted run: exit ${reference.code ?? reference.signal}\n${reference.errors}`);
for (const name of ["results.json", "report.html", "evaluation.html", "progress.html"]) {
  if (!existsSync(join(whole, name))) findings.push(`uninterrupted run wrote no ${name}`);
}

const killed = join(scratch, "killed");
/** Inside the making of clips, a stage of AT-SFT, GRPO, and the evaluation of a checkpoint. */
const MOMENTS = [/making the benchmark$/m, /^stage-2: stage 2/m, /^stage-4: stage 4/m, /, stage-1$/m];
let kills = 0;
let last;
for (const [i, moment] of MOMENTS.entries()) {
  last = await run(killed, i === 0 ? [] : ["--resume"], moment);
  if (last.signal === "SIGKILL") kills += 1;
  else findings.push(`the run was to be killed at ${moment}, but ended with ${last.code}: ${last.errors}`);
}
last = await run(killed, ["--resume"]);
if (last.code !== 0) findings.push(`resumed run: exit ${last.code ?? last.signal}\n${last.errors}`);
else if (findings.length === 0) {
  const [first, second] = [whole, killed].map((folder) => readFileSync(join(folder, "results.json"), "utf8"));
  if (first !== second)
    findings.push("results.json of the killed and resumed run differs from that of the uninterrupted one");
}

// The same benchmark through vsb-eval's command line gives the pipeline's table.
if (findings.length === 0) {
  const evalRun = join(scratch, "vsb-eval");
  const cli = [`${root}packages/vsb-eval/bin/vsb-eval.mjs`];
  const items = join(whole, "held-out.eval.jsonl");
  const responder = `${root}examples/defense-pipeline/dist/responder.js`;
  const asked = spawnSync(
    process.execPath,
    [
      ...cli,
      "run",
      items,
      "--root",
      whole,
      "--responder",
      responder,
      "--max-new-tokens",
      "128",
      "--name",
      "stage-4",
      "--out",
      evalRun,
    ],
    { encoding: "utf8", env: { ...process.env, VIDEOSAFETY_CHECKPOINT: join(whole, "models", "stage-4") } },
  );
  const scored = spawnSync(process.execPath, [...cli, "score", evalRun, "--json"], { encoding: "utf8" });
  if (asked.status !== 0 || scored.status !== 0) findings.push(`vsb-eval: ${asked.stderr}${scored.stderr}`);
  else {
    const means = (row) =>
      JSON.stringify(["dsrHh", "dsrHhText", "dsrSh", "frr", "formatRate"].map((key) => row[key].mean));
    const { evaluation } = JSON.parse(readFileSync(join(whole, "results.json"), "utf8"));
    const expected = means(evaluation.summary.find(({ name }) => name === "stage-4"));
    const found = means(JSON.parse(scored.stdout).summary[0]);
    if (found !== expected) findings.push(`vsb-eval's command line measured ${found}, the pipeline ${expected}`);
  }
}

// A guard for a checkpoint of the run, with a readout fitted on its records; recipes trained in its folder and measured.
if (findings.length === 0) {
  const command = (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) findings.push(`${args.join(" ")}: exit ${status}\n${stderr}`);
    return stdout;
  };
  const guard = join(scratch, "guard");
  const items = join(whole, "held-out.eval.jsonl");
  command(
    `${root}examples/alarm-guard/dist/main.js`,
    ...["--checkpoint", join(whole, "models", "stage-2"), "--items", items, "--out", guard],
    ...["--records", join(whole, "stage-1-2.sft.jsonl"), "--target-frr", "0.4", "--confidence", "none"],
  );
  const shipped = existsSync(join(guard, "guard.json")) && JSON.parse(readFileSync(join(guard, "guard.json"), "utf8"));
  if (shipped?.calibration?.format !== "videosafety-guard-1" || shipped?.readout?.format !== "videosafety-readout-1")
    findings.push("alarm-guard wrote no guard.json with a calibration and a readout");
  command(
    `${root}examples/defense-pipeline/dist/train-recipes.js`,
    ...["--run", whole, "--recipes", "plain-refusal,lambda-0-0"],
  );
  const table = command(`${root}examples/alarm-guard/dist/ablate.js`, "--items", items, whole);
  for (const row of ["no alarm tokens", "alarm tokens without ATC", "lambda 0.1 / 1"])
    if (!table.includes(`| ${row}`)) findings.push(`alarm-guard's ablation has no row "${row}":\n${table}`);
}

for (const flags of [["--seed", "x"], ["--stages", "9"], ["--no-such-flag"]]) {
  const { status } = spawnSync(process.execPath, [main, ...flags], { encoding: "utf8" });
  if (status !== 2) findings.push(`usage error ${flags.join(" ")}: exit ${status}, expected 2`);
}
const again = spawnSync(process.execPath, pipeline(whole), { encoding: "utf8" });
if (again.status !== 2 || !again.stderr.includes("--resume"))
  findings.push(`a second run into a used folder: exit ${again.status}, expected 2 and a hint at --resume`);

rmSync(scratch, { recursive: true, force: true });
finish(`pipeline (killed ${kills} times)`, findings);
