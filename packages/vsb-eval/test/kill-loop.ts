// Kills a run with SIGKILL again and again and checks that nothing durable is lost or done twice.
// Run: npx tsx packages/vsb-eval/test/kill-loop.ts [kills, default 50]
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const WORKER = fileURLToPath(new URL("./kill-worker.ts", import.meta.url));

const TSCONFIG = fileURLToPath(new URL("../tsconfig.json", import.meta.url));

/** What the loop found. */
export interface KillLoopResult {
  kills: number;
  asked: number;
  judged: number;
  /** Units asked again after their answer was durable. */
  askedTwice: string[];
  /** Units judged again after their verdict was durable. */
  judgedTwice: string[];
  /** Durable work missing in the end. */
  lost: string[];
}

/** Runs one worker; kills it after `killAfterLines` lines of output, or lets it finish when null. */
function runWorker(
  args: readonly string[],
  killAfterLines: number | null,
): Promise<{ lines: string[]; finished: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", WORKER, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TSX_TSCONFIG_PATH: TSCONFIG },
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (killAfterLines !== null && text.split("\n").length > killAfterLines) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("close", () => {
      const lines = text.split("\n").slice(0, -1);
      resolve({ lines, finished: lines.includes("finished") });
    });
  });
}

/** @param kills times the run is killed before it may finish; @param perRun lines of progress before each kill. */
export async function killLoop(kills: number, perRun: number): Promise<KillLoopResult> {
  const directory = await mkdtemp(join(tmpdir(), "vsb-kill-"));
  const log = join(directory, "log.txt");
  const units = Math.ceil((kills * perRun) / 12) + 20;
  const durable = new Set<string>();
  const twice = new Set<string>();
  let seen = 0;
  let finished = false;
  try {
    for (let round = 0; !finished && round < kills + 20; round++) {
      const before = new Set(durable);
      const target = round < kills ? before.size + perRun + (round % 7) : null;
      const run = await runWorker([join(directory, "store"), log, `${units}`], target);
      finished = run.finished;
      for (const line of run.lines) if (line !== "finished") durable.add(line);
      const asked = (await readFile(log, "utf8")).split("\n").slice(seen, -1);
      seen += asked.length;
      for (const line of asked) if (before.has(line)) twice.add(line);
    }
    const final = await runWorker([join(directory, "store"), log, `${units}`], null);
    const present = new Set(final.lines);
    const lines = [...present];
    return {
      kills,
      asked: lines.filter((line) => line.startsWith("ask")).length,
      judged: lines.filter((line) => line.startsWith("judge")).length,
      askedTwice: [...twice].filter((line) => line.startsWith("ask")),
      judgedTwice: [...twice].filter((line) => line.startsWith("judge")),
      lost: [...durable].filter((line) => !present.has(line)),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await killLoop(Number(process.argv[2] ?? 50), 20), null, 1));
}
