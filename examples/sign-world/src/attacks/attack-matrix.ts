import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { SHIPPED_BASES } from "../shipped-base-node.js";
import { COLUMNS } from "./defenses/columns.js";
import type { Checkpoints } from "./defenses/seed-models.js";
import { writeMatrixDocs } from "./matrix-document.js";
import { runAttackMatrix } from "./run-attack-matrix.js";
import { ROWS } from "./world-attacks.js";

/*
 * The matrix of attacks and defenses on this world. Stopped, the same command goes on. Bases are the shipped ones, or given by seed
 * (--bases 1=folder,2=folder), or with trained stages as lines "seed base stage-2 stage-4" of a file (--checkpoints). What is not given is
 * trained.
 *
 *   npx tsx examples/sign-world/src/attacks/attack-matrix.ts --out attack-matrix --docs docs/experiments
 */
const { values } = parseArgs({
  options: {
    bases: { type: "string" },
    checkpoints: { type: "string" },
    seeds: { type: "string" }, // only these of them
    out: { type: "string", default: "attack-matrix" },
    docs: { type: "string" }, // folder that gets attacks.json and the tables of attacks.md
    items: { type: "string", default: "24" }, // with harm in the video, half of them harmful; as many with harm in the query
    records: { type: "string", default: "480" }, // of stages 1 and 2
    calibration: { type: "string", default: "80" }, // safe requests
    budget: { type: "string", default: "8" }, // queries per item of an adaptive attack
    columns: { type: "string" }, // only these, such as reader,alarm-jitter; others can be added later
    split: { type: "string" }, // only rows with harm in the video, or in the query
    threads: { type: "string" },
  },
});

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const whole = (name: "items" | "records" | "calibration" | "budget" | "threads", least: number): number => {
  const value = Number(values[name]);
  return Number.isInteger(value) && value >= least
    ? value
    : fail(`expected a whole number --${name} of at least ${least}, found ${values[name]}`);
};

/** Lines "seed base stage-2 stage-4"; the last two can be left out. */
function checkpointLines(path: string): [number, Checkpoints][] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.flatMap((line, i): [number, Checkpoints][] => {
    const [seed, base, stage2, stage4, ...more] = line.split(/\s+/).filter((word) => word !== "");
    if (seed === undefined || seed.startsWith("#")) return [];
    if (base === undefined || more.length > 0 || !/^\d+$/.test(seed))
      fail(`${path}:${i + 1}: expected "seed base stage-2 stage-4", found "${line}"`);
    return [[Number(seed), { base, ...(stage2 && { stage2 }), ...(stage4 && { stage4 }) }]];
  });
}

/** 1=folder,2=folder. */
const baseList = (text: string): [number, Checkpoints][] =>
  text.split(",").map((part): [number, Checkpoints] => {
    const match = /^(\d+)=(.+)$/.exec(part);
    if (match === null) fail(`expected --bases such as 1=folder,2=folder, found "${part}"`);
    return [Number(match[1]), { base: match[2] as string }];
  });

function seedsOf(): Map<number, Checkpoints> {
  if (values.bases !== undefined && values.checkpoints !== undefined)
    fail("expected --bases or --checkpoints, found both");
  const given =
    values.checkpoints !== undefined
      ? checkpointLines(values.checkpoints)
      : values.bases !== undefined
        ? baseList(values.bases)
        : [...SHIPPED_BASES].map(([seed, base]): [number, Checkpoints] => [seed, { base }]);
  const all = new Map(given);
  if (all.size !== given.length || all.size === 0) fail("expected every seed once, found one twice or none");
  if (values.seeds === undefined) return all;
  const wanted = values.seeds.split(",").map(Number);
  const unknown = wanted.find((seed) => !all.has(seed));
  if (unknown !== undefined) fail(`expected --seeds of ${[...all.keys()].join(", ")}, found ${unknown}`);
  return new Map(wanted.map((seed) => [seed, all.get(seed) as Checkpoints]));
}

function columnsOf() {
  const ids = values.columns?.split(",") ?? COLUMNS.map(({ id }) => id);
  const unknown = ids.find((id) => !COLUMNS.some((column) => column.id === id));
  if (unknown !== undefined) fail(`expected --columns of ${COLUMNS.map(({ id }) => id).join(", ")}, found ${unknown}`);
  return COLUMNS.filter(({ id }) => ids.includes(id));
}

const rows = ROWS.filter(({ split }) => values.split === undefined || split === `harm in the ${values.split}`);
if (rows.length === 0) fail(`expected video or query for --split, found ${values.split}`);
const items = whole("items", 4);
const seeds = seedsOf();
const columns = columnsOf();
const started = performance.now();
try {
  const results = await runAttackMatrix({
    out: values.out,
    seeds,
    counts: {
      videoItems: items,
      queryItems: items,
      records: whole("records", 16),
      // A conformal threshold of 2.5 % needs 39 requests.
      calibration: whole("calibration", 40),
      budget: whole("budget", 2),
      targetFrr: 0.05,
    },
    columns,
    rows,
    ...(values.threads === undefined ? {} : { threads: whole("threads", 1) }),
    say: (line) => console.error(`${((performance.now() - started) / 1000).toFixed(0)} s, ${line}`),
  });
  if (values.docs !== undefined) await writeMatrixDocs(results, values.docs);
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exit(1);
}
process.exit(0);
