// Fuzzes every parser of the packages that have `test/fuzz-targets.ts`, each for its share of the time. A crash is shrunk, kept below the
// package's test/crashes, and read again by every `npm test`. The seed is printed: the same seed draws the same inputs.
// usage: pnpm fuzz [--minutes 5] [--seed N] [--only name,name]   (names of packages or parts of targets' names)
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type FuzzTarget, fuzz, keepCrash } from "../fuzz.shared.js";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string" }, only: { type: "string" } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const minutes = Number(values.minutes);
if (!Number.isInteger(seed) || !(minutes > 0)) {
  console.error("usage: pnpm fuzz [--minutes N] [--seed N] [--only name,name]");
  process.exit(2);
}
const packages = fileURLToPath(new URL("../packages", import.meta.url));
const all: { short: string; target: FuzzTarget }[] = [];
for (const short of readdirSync(packages)) {
  const file = `${packages}/${short}/test/fuzz-targets.ts`;
  if (!existsSync(file)) continue;
  const module = (await import(pathToFileURL(file).href)) as { fuzzTargets: readonly FuzzTarget[] };
  all.push(...module.fuzzTargets.map((target) => ({ short, target })));
}
const chosen = (values.only?.split(",") ?? [""]).map((name) => ({
  name,
  targets: all.filter(({ short, target }) => name === short || target.name.includes(name)),
}));
const unknown = chosen.filter(({ targets }) => targets.length === 0);
if (unknown.length > 0) {
  console.error(`--only: no target of ${unknown.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const targets = [...new Set(chosen.flatMap((one) => one.targets))];
console.log(`seed ${seed}, ${targets.length} targets, ${((minutes * 60) / targets.length).toFixed(1)} s each`);
let crashes = 0;
for (const { short, target } of targets) {
  const milliseconds = (minutes * 60_000) / targets.length;
  const { runs, crash } = await fuzz(target, { seed, runs: 2 ** 30, milliseconds });
  console.log(`${short}: ${target.name}: ${runs} inputs${crash === undefined ? "" : ", CRASH"}`);
  if (crash === undefined) continue;
  crashes += 1;
  console.error(`kept as ${keepCrash(`${packages}/${short}/test/crashes`, target, crash.input)}`);
  console.error(crash.error);
}
console.log(`fuzz: ${crashes === 0 ? "ok" : `${crashes} crashes`}`);
process.exit(crashes === 0 ? 0 : 1);
