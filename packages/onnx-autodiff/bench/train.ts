/**
 * Training step, contenders alternating in one window: `npx tsx bench/train.ts [rounds] [steps] [name,name...]`.
 * PYTHON names an interpreter with torch and transformers (default python3); without one the torch row is left out.
 * Prints a Markdown table to stdout, progress to stderr.
 */
import { type ChildProcess, spawn } from "node:child_process";
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
const CONTENDERS: Readonly<Record<string, { label: string; command: string[] }>> = {
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
};

interface Contender {
  readonly name: string;
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
  readonly about: { flops: number; tokens: number; startMs: number };
  readonly ms: number[];
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
  return { name, child, lines, about: JSON.parse(first.value), ms: [], peakRssMB: 0 };
}

async function round(contender: Contender, steps: number): Promise<void> {
  contender.child.stdin?.write(`run ${steps}\n`);
  const answer = JSON.parse((await contender.lines.next()).value) as { ms: number[]; loss: number; peakRssMB: number };
  contender.ms.push(...answer.ms);
  contender.peakRssMB = answer.peakRssMB;
}

const rounds = Number(process.argv[2] ?? 4);
const steps = Number(process.argv[3] ?? 3);
const names = process.argv[4]?.split(",") ?? Object.keys(CONTENDERS);
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
const full = contenders.find((c) => c.name === "full");
console.log(
  "| | ms a step, best | median | tokens/s (best) | GFLOP/s (best) | peak RSS, MB | start, ms | best / full step's best |",
);
console.log("|---|---|---|---|---|---|---|---|");
for (const { name, about, ms, peakRssMB } of contenders) {
  const [best, middle] = [Math.min(...ms), median(ms)];
  const cells = [
    CONTENDERS[name]?.label,
    best.toFixed(0),
    middle.toFixed(0),
    about.tokens ? ((about.tokens / best) * 1e3).toFixed(0) : "-",
    about.flops ? (about.flops / best / 1e6).toFixed(0) : "-",
    peakRssMB,
    about.startMs ? about.startMs.toFixed(0) : "-",
    full && name !== "ceiling" ? (best / Math.min(...full.ms)).toFixed(2) : "-",
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
