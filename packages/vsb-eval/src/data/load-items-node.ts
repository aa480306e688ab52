import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { type EvalItem, evalItemSchema, type RecordError } from "@videosafety/safety-data";
import { readJsonl } from "@videosafety/safety-data/node";
import { VsbEvalError } from "../errors.js";
import type { ItemFormat } from "./item-formats.js";
import {
  figStepItems,
  mmSafetyBenchItems,
  videoSafetyBenchItems,
  videoSafetyGrpoItems,
  videoSafetySftItems,
  vlGuardItems,
  xsTestItems,
} from "./public-datasets.js";
import { regularFile } from "./regular-file-node.js";

export { ITEM_FORMATS, type ItemFormat } from "./item-formats.js";

async function readRows(path: string): Promise<unknown[]> {
  const extension = extname(path).toLowerCase();
  if (extension === ".csv") {
    const { parse } = await import("csv-parse/sync");
    return parse(await readFile(path, "utf8"), { columns: true, skip_empty_lines: true, bom: true, trim: true });
  }
  if (extension === ".jsonl") {
    const rows: unknown[] = [];
    for await (const row of readJsonl(path)) rows.push(row);
    return rows;
  }
  const value: unknown = JSON.parse(await readFile(path, "utf8"));
  if (Array.isArray(value)) return value;
  throw new VsbEvalError("invalid_input", `expected a JSON array, JSON Lines or CSV in ${path}, found ${typeof value}`);
}

/** Options of {@link loadItems}. */
export interface LoadItemsOptions {
  /** Layout of the file; default `vsb`. */
  readonly format?: ItemFormat;
  /** Our JSON Lines only: "throw" (default) stops at a bad line, "skip" counts it and goes on. */
  readonly onError?: "throw" | "skip";
  /** Hears of every skipped line. */
  readonly onSkip?: (error: RecordError) => void;
  /** Video-SafetyBench only; default: `benign` when the file's name holds that word, else `harmful`. */
  readonly split?: "harmful" | "benign";
}

/**
 * Reads the items of a benchmark file. Media paths stay as the data set writes them: pass its folder as the root of
 * `videoFrames`.
 *
 * @throws {VsbEvalError} `invalid_input` naming the row; `RecordError` of safety-data with the line for our own format.
 */
export async function loadItems(path: string, options: LoadItemsOptions = {}): Promise<EvalItem[]> {
  const { format = "vsb", onError, onSkip } = options;
  await regularFile(path, "the items' file");
  const name = basename(path).replace(/\.[^.]+$/, "");
  switch (format) {
    case "vsb": {
      const items: EvalItem[] = [];
      const stream = readJsonl<EvalItem>(path, {
        schema: evalItemSchema,
        ...(onError === undefined ? {} : { onError }),
        ...(onSkip === undefined ? {} : { onSkip }),
      });
      for await (const item of stream) items.push(item);
      return items;
    }
    case "video-safetybench":
      return videoSafetyBenchItems(
        await readRows(path),
        options.split ?? (/benign/i.test(name) ? "benign" : "harmful"),
      );
    case "videosafety-sft":
      return videoSafetySftItems(await readRows(path));
    case "videosafety-grpo":
      return videoSafetyGrpoItems(await readRows(path));
    case "vlguard":
      return vlGuardItems(await readRows(path));
    case "figstep":
      return figStepItems(await readRows(path));
    case "mm-safetybench":
      return mmSafetyBenchItems(JSON.parse(await readFile(path, "utf8")), name);
    case "xstest":
      return xsTestItems(await readRows(path));
  }
}
