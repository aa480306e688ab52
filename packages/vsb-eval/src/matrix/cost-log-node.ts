import { appendFileSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { VsbEvalError } from "../errors.js";
import type { CostLog, CostRecord } from "./matrix-options.js";

const recordSchema: z.ZodType<CostRecord> = z.strictObject({
  seed: z.number(),
  run: z.string(),
  arm: z.string(),
  requests: z.number(),
  calls: z.number(),
  frames: z.number(),
  milliseconds: z.number(),
});

/**
 * Costs as JSON Lines beside the answers. A last line that a crash tore is cut off.
 *
 * @throws {VsbEvalError} `store_corrupt` for another line that is no record
 */
export function openCostLog(path: string): CostLog {
  mkdirSync(dirname(path), { recursive: true });
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const records = whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line, i): CostRecord => {
      try {
        return recordSchema.parse(JSON.parse(line));
      } catch (cause) {
        throw new VsbEvalError("store_corrupt", `expected a cost record at ${path}:${i + 1}, found something else`, {
          cause,
        });
      }
    });
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  return {
    records,
    append(record) {
      appendFileSync(path, `${JSON.stringify(record)}\n`);
      records.push(record);
    },
  };
}
