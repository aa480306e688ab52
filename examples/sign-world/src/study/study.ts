import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SHIPPED_BASES } from "../shipped-base-node.js";
import { hasResults } from "./arm-results-node.js";
import { ARMS, type Arm, AT_SFT_ARMS, CONTROL_ARMS, MAIN_ARMS, READER_ARMS, SWEEP_ARMS } from "./arms.js";
import { runArm, settingsOf } from "./run-arm-node.js";
import { STAGE_SETTINGS } from "./stage-settings.js";
import { type Draw, type StudySizes, studySets } from "./study-sets.js";

/*
 * What each part of the method is worth: trains the arms on every seed, base included, and scores them on unseen clips and
 * wordings. Seeds 1 to 5 start from the shipped bases, others train their own. What is finished is kept; the same command goes
 * on where it was stopped, so it can be run by parts: some seeds, some arms, several processes with different seeds. Tables:
 * study/draw-study.ts.
 *
 *   pnpm study --seeds 1,2 --arms main      (in examples/sign-world)
 *     [--arms base,full,...|readers|main|at-sft|controls|sweep|all] [--draw test|development] [--work study-work] [--out results]
 *     [--replay 0.15] [--base FOLDER] [--clips 120] [--threads 1]
 */
const SHIPPED_REPLAY = "0.15";
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1,2,3,4,5" },
    arms: { type: "string", default: "main" },
    draw: { type: "string", default: "test" },
    work: { type: "string", default: "study-work" },
    out: { type: "string" },
    replay: { type: "string", default: SHIPPED_REPLAY }, // of a base that is not shipped
    base: { type: "string" }, // the seed's own base, trained elsewhere: tables refuse results of two bases for one seed
    clips: { type: "string", default: "120" },
    threads: { type: "string" },
  },
});

const say = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
const seeds = values.seeds.split(",").map(Number);
if (!seeds.every((seed) => Number.isInteger(seed) && seed >= 0))
  throw new Error(`expected --seeds as whole numbers, found ${values.seeds}`);
if (values.draw !== "test" && values.draw !== "development")
  throw new Error(`expected --draw test or development, found ${values.draw}`);
const draw: Draw = values.draw;
const arms = armsOf(values.arms);
const { records } = STAGE_SETTINGS;
const sizes: StudySizes = { ...records, heldOutClips: Number(values.clips) };
if (!(Number.isInteger(sizes.heldOutClips) && sizes.heldOutClips > 0))
  throw new Error(`expected --clips as a whole number of at least 1, found ${values.clips}`);
const threads = values.threads === undefined ? {} : { threads: Number(values.threads) };
const results = values.out ?? join(values.work, "results");

for (const seed of seeds) {
  const missing = arms.filter(
    (arm) => !hasResults(results, { arm: arm.name, seed, draw, settings: settingsOf(arm, sizes) }),
  );
  say(`seed ${seed}: ${missing.length} of ${arms.length} arms to do`);
  if (missing.length === 0) continue;
  if (values.base !== undefined && seeds.length > 1)
    throw new Error(`expected one seed beside --base, which is that seed's own, found ${values.seeds}`);
  const base = values.base ?? baseOf(seed);
  const sets = studySets(seed, draw, sizes);
  for (const arm of missing)
    await runArm(arm, { seed, draw, sizes, sets, base, models: join(values.work, "models"), results, say, ...threads });
}

function armsOf(text: string): readonly Arm[] {
  if (text === "main") return MAIN_ARMS;
  if (text === "readers") return READER_ARMS;
  if (text === "at-sft") return AT_SFT_ARMS;
  if (text === "controls") return CONTROL_ARMS;
  if (text === "sweep") return SWEEP_ARMS;
  if (text === "all") return ARMS;
  return text.split(",").map((name) => {
    const arm = ARMS.find((one) => one.name === name);
    if (arm === undefined)
      throw new Error(
        `expected arms among readers, main, at-sft, controls, sweep, all, ${ARMS.map((one) => one.name).join(", ")}; found ${name}`,
      );
    return arm;
  });
}

/** The seed's own base, as shipped, else trained if need be: the seed of a study is that of weights, data and order. */
function baseOf(seed: number): string {
  const shipped = values.replay === SHIPPED_REPLAY ? SHIPPED_BASES.get(seed) : undefined;
  if (shipped !== undefined) return shipped;
  const folder = join(values.work, `base-${seed}`);
  const base = join(folder, `tuned-${values.replay}`);
  if (existsSync(join(base, "training.json"))) return base;
  const script = fileURLToPath(new URL("../base/degradation.ts", import.meta.url));
  const more = values.threads === undefined ? [] : ["--threads", values.threads];
  const options = ["--seed", String(seed), "--out", folder, "--replays", values.replay, "--resume", ...more];
  say(`seed ${seed}: training its base`);
  const { status } = spawnSync(process.execPath, [...process.execArgv, script, ...options], { stdio: "inherit" });
  if (status !== 0) throw new Error(`the base of seed ${seed} was not trained (exit code ${status}); run it again`);
  return base;
}
