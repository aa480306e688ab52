// Kills a training run with SIGKILL again and again, at random moments, and checks what is left: no acknowledged checkpoint lost, the bits of the
// uninterrupted run in the end, nothing half written behind.
//
//   node tools/kill-many.mjs packages/grpo/test/kill-run.ts 50
//   node tools/kill-many.mjs packages/alarm-tokens/test/kill-run.ts 50
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { root } from "./packages.mjs";

const [script, wanted = "50"] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write("usage: kill-many.mjs <kill-run.ts> [kills]\n");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "kill-many-"));
/** Megabytes of dead weight in a checkpoint, so that many kills fall into its writing. */
const PADDING = "16";

/** Runs the child; with `delay`, kills it that many milliseconds after its first checkpoint. */
function run(directory, pace, delay) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", script, directory, pace, PADDING], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: root,
    });
    let acknowledged = 0;
    child.stdout.on("data", (text) => {
      if (acknowledged === 0 && delay !== undefined) setTimeout(() => child.kill("SIGKILL"), delay);
      for (const line of text.toString().trim().split("\n"))
        acknowledged = Number(/(\d+)(?:\.safetensors)?$/.exec(line)?.[1]);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, acknowledged }));
  });
}
const files = (directory) => readdirSync(directory).sort();
const newest = (directory) =>
  Math.max(0, ...files(directory).map((name) => Number(/^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? 0)));
const result = (directory) => JSON.parse(readFileSync(join(directory, "result.json"), "utf8"));
const failures = [];
const check = (fine, what) => {
  if (!fine) failures.push(what);
};

await run(join(folder, "whole"), "fast");
const { losses, from: _, ...expected } = result(join(folder, "whole"));
let kills = 0;
let halfWritten = 0;
for (let round = 1; kills < Number(wanted); round++) {
  const directory = join(folder, `round-${round}`);
  for (;;) {
    const { code, acknowledged } = await run(directory, "slow", Math.random() * 700);
    if (code === 0) break;
    kills++;
    if (files(directory).some((name) => name.endsWith(".tmp"))) halfWritten++;
    check(
      newest(directory) >= acknowledged,
      `kill ${kills}: step ${acknowledged} was acknowledged, ${newest(directory)} is on disk`,
    );
    process.stderr.write(`\rkills ${kills}, in the middle of a write ${halfWritten}   `);
    if (kills >= Number(wanted)) break;
  }
  const { code } = await run(directory, "fast");
  check(code === 0, `round ${round}: the last run ended with ${code}`);
  const { losses: found, from, ...rest } = result(directory);
  check(isDeepStrictEqual(rest, expected), `round ${round}: other parameters than the uninterrupted run`);
  check(isDeepStrictEqual(found, losses.slice(from ?? losses.length)), `round ${round}: other losses`);
  const left = files(directory).filter((name) => name !== "result.json");
  check(
    left.length === 2 && left.every((name) => /^step-\d+\.safetensors$/.test(name)),
    `round ${round}: left ${left}`,
  );
}
rmSync(folder, { recursive: true, force: true });
process.stderr.write("\n");
for (const failure of failures) process.stdout.write(`${failure}\n`);
process.stdout.write(
  `${script}: ${kills} kills, ${halfWritten} in the middle of a write, ${failures.length} failures\n`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
