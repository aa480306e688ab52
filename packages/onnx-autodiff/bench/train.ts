/**
 * Training step, contenders alternating in one window: `npx tsx bench/train.ts [rounds] [steps] [name,name... | peers]`.
 * PYTHON names an interpreter with torch and transformers (default python3); without one the torch row is left out.
 * `peers` compares with PyTorch, jax-js and tfjs; the latter two are installed on first use (bench/peers, 70 MB), so that
 * neither the workspace nor its lockfile carries them. Prints a Markdown table to stdout, progress to stderr.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const ours = (options: unknown): string[] => [
  process.execPath,
  "--import",
  "tsx",
  here("./step-worker.ts"),
  JSON.stringify(options),
];
const peer = (options: unknown): string[] => [
  process.execPath,
  "--import",
  "tsx",
  here("./peers/peer-worker.mjs"),
  JSON.stringify(options),
];
/** The instruction sets that the timings depend on: a row of the docs is for one set. */
function cpuFeatures(): string {
  const info = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(info)?.[1]?.split(" "));
  const known = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile"].filter((name) => flags.has(name));
  return `${cpus().length} x ${cpus()[0]?.model ?? "unknown"} (${known.join(" ") || process.arch}), Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`;
}
console.error(cpuFeatures());

const SMALL = { batch: 1, sequence: 64 };
const CONTENDERS: Readonly<Record<string, { label: string; command: string[]; against?: string }>> = {
  ceiling: { label: "matmul ceiling (1024^3 + 2048^3)", command: ours({ mode: "ceiling" }) },
  full: { label: "full step", command: ours({ mode: "full" }) },
  low: {
    label: "full step, low memory (no memory pattern)",
    command: ours({ mode: "full", session: { memoryPattern: false } }),
  },
  checkpoint: {
    label: "full step, checkpointed layers",
    command: ours({ mode: "full", config: { checkpoint: true } }),
  },
  lowest: {
    label: "full step, checkpointed, low memory, logits recomputed",
    command: ours({ mode: "full", config: { checkpoint: true }, session: { memoryPattern: false }, keepLogits: false }),
  },
  lora: { label: "LoRA r 16 on every linear", command: ours({ mode: "lora" }) },
  forward: { label: "forward only", command: ours({ mode: "forward" }) },
  torch: {
    label: "PyTorch CPU, fused AdamW",
    command: [process.env.PYTHON ?? "python3", here("./torch_worker.py"), "{}"],
  },
  jax2: { label: "jax-js 0.1.25, two workers", command: peer({ library: "jax", threads: 2 }) },
  jax1: { label: "jax-js 0.1.25, one thread", command: peer({ library: "jax", threads: 1 }) },
  small: { label: "full step, batch 1 x 64", command: ours({ mode: "full", ...SMALL }), against: "small" },
  tfjs: {
    label: "tfjs 4.22.0 wasm (SIMD, one thread), batch 1 x 64",
    command: peer({ library: "tfjs", ...SMALL }),
    against: "small",
  },
};
const DEFAULT = ["ceiling", "full", "low", "checkpoint", "lowest", "lora", "forward", "torch"];
const PEERS = ["full", "torch", "jax2", "jax1", "small", "tfjs"];

interface Contender {
  readonly name: string;
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
  readonly about: { flops: number; tokens: number; startMs: number };
  readonly ms: number[];
  /** Of the first step: the same for all with the same weights and tokens. PyTorch draws its own. */
  firstLoss: number;
  peakRssMB: number;
}

async function start(name: string): Promise<Contender | undefined> {
  const [program = "", ...args] = CONTENDERS[name]?.command ?? [];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  child.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) {
    console.error(`${name}: could not start, left out`);
    return undefined;
  }
  return { name, child, lines, about: JSON.parse(first.value), ms: [], firstLoss: 0, peakRssMB: 0 };
}

async function round(contender: Contender, steps: number): Promise<void> {
  contender.child.stdin?.write(`run ${steps}\n`);
  const answer = JSON.parse((await contender.lines.next()).value) as { ms: number[]; loss: number; peakRssMB: number };
  contender.ms.push(...answer.ms);
  contender.peakRssMB = answer.peakRssMB;
  contender.firstLoss ||= answer.loss;
}

const rounds = Number(process.argv[2] ?? 4);
const steps = Number(process.argv[3] ?? 3);
const names = process.argv[4] === "peers" ? PEERS : (process.argv[4]?.split(",") ?? DEFAULT);
if (names.some((name) => /^jax|^tfjs/.test(name)) && !existsSync(here("./peers/node_modules"))) {
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: here("./peers"),
    stdio: ["ignore", 2, 2], // stdout is the table
  });
}
const contenders: Contender[] = [];
for (const name of names) {
  const contender = await start(name);
  if (contender) contenders.push(contender);
}
for (const contender of contenders) await round(contender, 1); // warm-up
for (const contender of contenders) contender.ms.length = 0;
for (let i = 0; i < rounds; i++) {
  for (const contender of contenders) {
    await round(contender, steps);
    console.error(`round ${i + 1} ${contender.name}: ${contender.ms.slice(-steps).map((x) => x.toFixed(0))}`);
  }
}
for (const contender of contenders) contender.child.stdin?.end();

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1] as number;
console.log(
  "| | ms a step, best | median | tokens/s (best) | GFLOP/s (best) | peak RSS, MB | start, ms | first loss | best / full step's best of the same batch |",
);
console.log("|---|---|---|---|---|---|---|---|---|");
for (const { name, about, ms, peakRssMB, firstLoss } of contenders) {
  const [best, middle] = [Math.min(...ms), median(ms)];
  const base = contenders.find((c) => c.name === (CONTENDERS[name]?.against ?? "full"));
  const cells = [
    CONTENDERS[name]?.label,
    best.toFixed(0),
    middle.toFixed(0),
    about.tokens ? ((about.tokens / best) * 1e3).toFixed(0) : "-",
    about.flops ? (about.flops / best / 1e6).toFixed(0) : "-",
    peakRssMB,
    about.startMs ? about.startMs.toFixed(0) : "-",
    about.tokens ? firstLoss.toFixed(4) : "-",
    base && name !== "ceiling" ? (best / Math.min(...base.ms)).toFixed(2) : "-",
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
