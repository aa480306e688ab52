import { resolve } from "node:path";
import { videoFrames } from "../arms/video-frames-node.js";
import { createProgress, type Terminal } from "../cli/terminal.js";
import { checkConfig, loadConfig } from "../config/load-config-node.js";
import { type MatrixConfig, matrixConfigSchema } from "../config/matrix-config.js";
import { openJudge, openResponder } from "../config/open-models-node.js";
import { loadItems } from "../data/load-items-node.js";
import { captureEnvironment } from "../environment-node.js";
import { VsbEvalError } from "../errors.js";
import { percent } from "../report/format-number.js";
import { alignTable } from "../report/terminal-table.js";
import type { MatrixRun } from "./matrix-options.js";
import { lastCell } from "./matrix-tables.js";
import { armTitle } from "./run-matrix.js";
import { matrixInFolder } from "./write-matrix-node.js";

/** This machine, as texts. */
export function environmentTexts(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(captureEnvironment()).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(" ") : String(value),
    ]),
  );
}

async function openRuns({ runs, plan, root, generation }: MatrixConfig): Promise<MatrixRun[]> {
  return Promise.all(
    runs.map(async ({ name, plan: own, system, ...model }): Promise<MatrixRun> => {
      const sampling = videoFrames({ root, plan: own ?? plan, assumedPlan: plan });
      const message = system === undefined ? {} : { system };
      return {
        name,
        responder: await openResponder({ ...model, name }),
        sampling,
        generation: { ...generation, ...message },
      };
    }),
  );
}

/** `vsb-eval matrix`: attacks against defenses, asked, scored and written as one results file and one page. */
export async function matrixCommand(
  path: string,
  options: { readonly report: boolean; readonly json: boolean },
  raw: Terminal,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const config = checkConfig(await loadConfig(path), path, matrixConfigSchema);
  const all = await loadItems(config.items, { format: config.format });
  const first = (safe: boolean) => all.filter(({ subset }) => (subset === "SafeQ") === safe).slice(0, config.limit);
  const progress = createProgress(raw);
  const runs = await openRuns(config);
  const results = await matrixInFolder({
    folder: resolve(config.out),
    title: config.title,
    groups: [{ seed: config.generation.seed, items: [...first(false), ...first(true)], runs }],
    attacks: config.attacks.map(({ title, split, ...attack }) => ({
      ...attack,
      title: title ?? armTitle(attack.arm),
      ...(split === undefined ? {} : { split }),
    })),
    defenses: config.defenses,
    judge: await openJudge(config.judge),
    truncated: config.truncated,
    clipsPerRow: config.clipsPerRow,
    environment: environmentTexts(),
    signal,
    ...(options.report ? { only: "report" as const } : {}),
    onProgress: ({ run, done, total }) => progress.update(done, total, ` ${run}`),
  }).finally(() => progress.end());
  if (options.json) terminal.out(`${JSON.stringify(results)}\n`);
  else {
    const names = results.defenses.map(({ name }) => name);
    const rows = results.attacks.map(({ name }) => [
      name,
      ...names.map((defense) => {
        const cell = lastCell(results, name, defense);
        return `${percent(cell?.dsr.value ?? null)} / ${percent(cell?.frr.value ?? null)}`;
      }),
    ]);
    terminal.out(`${alignTable([["DSR / FRR, %", ...names], ...rows])}\n`);
    terminal.err(`${resolve(config.out, "matrix.html")}\n`);
  }
  if (results.cells.every(({ dsr, frr }) => dsr.n + frr.n === 0))
    throw new VsbEvalError(
      "fatal_responder",
      "expected answers, found none that could be judged: see the run folders' records",
    );
}
