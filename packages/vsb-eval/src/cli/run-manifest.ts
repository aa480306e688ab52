import { z } from "zod";
import { evalConfigSchema } from "../config/eval-config.js";
import { ITEM_FORMATS } from "../data/item-formats.js";
import { VsbEvalError } from "../errors.js";

/** How a run was asked: its part of the configuration, resolved, without secrets. */
const askedSchema = evalConfigSchema.pick({ generation: true, judges: true, models: true });

/** One run of a folder: everything needed to score it, or to ask again. */
const runEntrySchema = z.strictObject({
  name: z.string().min(1).describe("name in reports"),
  seed: z.number().int().describe("seed of the generation"),
  responder: z.string().describe("id of the responder"),
  run: z.string().describe("id of the configuration in records.jsonl"),
  judge: z
    .string()
    .nullable()
    .describe("id of the judge whose verdicts count by default; null when nothing was judged"),
  judges: z.array(z.string()).describe("ids of all judges that were asked"),
  arms: z.array(z.string()).min(1).describe("arms in the order they were asked for"),
  epochs: z.number().int().min(1).describe("answers per item and arm"),
  items: z.string().describe("path of the items' file"),
  format: z.enum(ITEM_FORMATS).describe("its layout"),
  root: z.string().describe("folder that media paths start from"),
  limit: z.number().int().nullable().describe("only the first items; null: all"),
  truncated: z.enum(["judge", "exclude", "unsafe"]).describe("what becomes of answers cut by the token limit"),
  asked: askedSchema
    .nullable()
    .describe("model, judges and generation as configured, without secrets; null when not known"),
});

/** One run of a folder. */
export type RunEntry = z.infer<typeof runEntrySchema>;

/** `run.json`: the runs of a folder, in the order of their first start. */
export const runManifestSchema = z.strictObject({
  schema: z.literal("vsb-eval-run/2").describe("version of this layout"),
  runs: z.array(runEntrySchema).min(1).describe("one entry per model and configuration"),
});

/** The layout before several runs could share a folder. */
const firstLayout = runEntrySchema.omit({ judges: true, truncated: true, asked: true });

/** @throws {VsbEvalError} `invalid_input` for what is no manifest. @param path for the message */
export function parseManifest(value: unknown, path: string): RunEntry[] {
  const first = firstLayout.safeParse(value);
  if (first.success) {
    const { judge } = first.data;
    return [{ ...first.data, judges: judge === null ? [] : [judge], truncated: "judge", asked: null }];
  }
  const manifest = runManifestSchema.safeParse(value);
  if (manifest.success) return manifest.data.runs;
  throw new VsbEvalError("invalid_input", `${path}: ${z.prettifyError(manifest.error)}`);
}

const union = <T>(a: readonly T[], b: readonly T[]): T[] => [...new Set([...a, ...b])];

/**
 * A folder's runs with one added or gone on with. Asking again with fewer arms, items or epochs, or with another judge, never takes
 * away what is there: arms, judges and epochs add up, and the wider limit stays.
 *
 * @throws {VsbEvalError} `invalid_input` when the same run would be about another items' file
 */
export function mergeEntry(entries: readonly RunEntry[], next: RunEntry): RunEntry[] {
  const at = entries.findIndex(({ run }) => run === next.run);
  const before = entries[at];
  if (before === undefined) return [...entries, next];
  if (before.items !== next.items || before.format !== next.format) {
    const what = `${before.items} (${before.format})`;
    throw new VsbEvalError(
      "invalid_input",
      `expected the items of run ${next.run}, ${what}, found ${next.items} (${next.format}): use another --out for other items`,
    );
  }
  const merged: RunEntry = {
    ...next,
    arms: union(before.arms, next.arms),
    epochs: Math.max(before.epochs, next.epochs),
    limit: before.limit === null || next.limit === null ? null : Math.max(before.limit, next.limit),
    judges: union(before.judges, next.judges),
    // Until the new judge has said something.
    judge: before.judge ?? next.judge,
    asked: next.asked ?? before.asked,
  };
  return entries.map((entry, i) => (i === at ? merged : entry));
}
