import { isAbsolute, join } from "node:path";
import { VSE_ASSUMED_V1 } from "@videosafety/safety-data";
import { checkItems, type ExpectedCounts, VSB_77K } from "../data/check-items.js";
import { type ItemFormat, loadItems } from "../data/load-items-node.js";
import { regularFile } from "../data/regular-file-node.js";
import { VsbEvalError } from "../errors.js";
import { alignTable } from "../report/terminal-table.js";
import type { Terminal } from "./terminal.js";

/** `vsb-77k`, or `pairs=100,subcategories=19,languages=10`. */
function parseExpected(text: string | undefined): ExpectedCounts {
  if (text === undefined) return {};
  if (text === "vsb-77k") return VSB_77K;
  const entries = text.split(",").map((part) => part.split("="));
  const known = entries.every(
    ([key, value]) => ["pairs", "subcategories", "languages"].includes(key ?? "") && /^\d+$/.test(value ?? ""),
  );
  if (!known)
    throw new VsbEvalError("invalid_input", `expected vsb-77k or pairs=N,subcategories=N,languages=N, found "${text}"`);
  return Object.fromEntries(entries.map(([key, value]) => [key, Number(value)]));
}

/** `vsb-eval validate`: counts a data set and looks for what would spoil its numbers. */
export async function validateCommand(
  path: string,
  options: {
    readonly format: ItemFormat;
    readonly root?: string;
    readonly expect?: string;
    readonly skipBad: boolean;
    readonly json: boolean;
  },
  terminal: Terminal,
): Promise<boolean> {
  const skipped: string[] = [];
  const items = await loadItems(path, {
    format: options.format,
    onError: options.skipBad ? "skip" : "throw",
    onSkip: ({ line, message }) => skipped.push(`line ${line}: ${message.split("\n")[0]}`),
  });
  const report = checkItems(items, options.format === "vsb" ? VSE_ASSUMED_V1 : null, parseExpected(options.expect));
  const problems = [...report.problems];
  if (skipped.length > 0) problems.push(`skipped ${skipped.length} bad lines: ${skipped.slice(0, 5).join("; ")}`);
  if (options.root !== undefined) {
    const missing: string[] = [];
    for (const media of new Set(items.flatMap(({ video }) => (video === null ? [] : [video.path])))) {
      if (/^https?:/i.test(media)) continue;
      const path = isAbsolute(media) ? media : join(options.root, media);
      await regularFile(path, "a media file").catch(() => missing.push(media));
    }
    if (missing.length > 0)
      problems.push(
        `expected every media file under ${options.root}, found ${missing.length} missing: ${missing.slice(0, 5).join(", ")}`,
      );
  }
  if (options.json) {
    terminal.out(`${JSON.stringify({ ...report, problems, skipped: skipped.length })}\n`);
    return problems.length === 0;
  }
  terminal.out(`${report.pairs} video-query pairs on ${report.videos} videos, ${report.textOnly} text-only items\n`);
  for (const [what, counts] of Object.entries(report.counts)) {
    terminal.out(`\n${alignTable([[what, "items"], ...Object.entries(counts).map(([name, n]) => [name, `${n}`])])}\n`);
  }
  terminal.out(
    problems.length === 0 ? "\nno problems\n" : `\n${problems.map((problem) => `problem: ${problem}`).join("\n")}\n`,
  );
  return problems.length === 0;
}
