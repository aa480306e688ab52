import type { EvalItem } from "@videosafety/safety-data";
import { lockFile, openJsonlAppender, readJsonl } from "@videosafety/safety-data/node";
import type { SamplePlan } from "@videosafety/video-sampler";
import * as z from "zod";
import { DefenseError } from "../../errors.js";
import type { GuardInput, GuardReading } from "../engine/guard-engine.js";
import { sampleItem } from "./sample-item-node.js";

const headerSchema = z.strictObject({ format: z.literal("videosafety-readings-1"), of: z.string() });
const readingSchema = z.strictObject({
  id: z.string(),
  visual: z.number(),
  textual: z.number(),
  milliseconds: z.number().describe("of the model"),
  frames: z.number().optional().describe("score of the first tier"),
  framesMilliseconds: z.number().optional(),
});
/** What was read of one item. */
export type ItemReading = z.infer<typeof readingSchema>;

/** What reads one input. */
export interface ItemReader {
  read(input: GuardInput, signal?: AbortSignal): Promise<GuardReading>;
  /** The first tier of a cascade. */
  readFrames?(input: GuardInput): Promise<number>;
}

/** How items are read. */
export interface ReadItemsOptions {
  readonly plan: SamplePlan;
  /** Folder that media paths start from. */
  readonly root: string;
  /** JSON Lines file that readings are kept in as they come: the same call goes on after the last one. */
  readonly file: string;
  /** What the readings belong to: checkpoint, data, plan. Another one's file is refused. */
  readonly of: string;
  readonly onItem?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads the heads' logits of items, one forward pass each, keeping every one at once.
 *
 * @returns one reading per item, in the items' order
 * @throws DefenseError `run-differs` for a file of other readings, `media-missing` naming the item; whatever the model throws
 */
export async function readItems(
  items: readonly EvalItem[],
  reader: ItemReader,
  options: ReadItemsOptions,
): Promise<ItemReading[]> {
  const { file, of, plan, root, signal, onItem } = options;
  const unlock = await lockFile(`${file}.lock`);
  try {
    const appender = await openJsonlAppender(file);
    try {
      const known = await readKnown(file, of, appender.append);
      const readings: ItemReading[] = [];
      for (const item of items) {
        signal?.throwIfAborted();
        let reading = known.get(item.id);
        if (reading === undefined) {
          const input = await inputOf(item, plan, root, signal);
          const started = performance.now();
          const frames = await reader.readFrames?.(input);
          const between = performance.now();
          const logits = await reader.read(input, signal);
          reading = {
            id: item.id,
            ...logits,
            milliseconds: performance.now() - between,
            ...(frames !== undefined && { frames, framesMilliseconds: between - started }),
          };
          await appender.append([reading]);
        }
        readings.push(reading);
        onItem?.(readings.length, items.length);
      }
      return readings;
    } finally {
      await appender.close();
    }
  } finally {
    await unlock();
  }
}

async function readKnown(
  file: string,
  of: string,
  append: (records: unknown[]) => Promise<void>,
): Promise<Map<string, ItemReading>> {
  const known = new Map<string, ItemReading>();
  let first = true;
  for await (const row of readJsonl(file)) {
    if (first) {
      const header = headerSchema.safeParse(row);
      if (!header.success || header.data.of !== of)
        throw new DefenseError(
          "run-differs",
          `${file}: expected the readings of this checkpoint, these items and this plan, found others; move the file away`,
        );
      first = false;
      continue;
    }
    const reading = readingSchema.parse(row);
    known.set(reading.id, reading);
  }
  if (first) await append([{ format: "videosafety-readings-1", of }]);
  return known;
}

async function inputOf(
  item: EvalItem,
  plan: SamplePlan,
  root: string,
  signal: AbortSignal | undefined,
): Promise<GuardInput> {
  if (item.video === null) return { query: item.query, videos: [] };
  try {
    return { query: item.query, videos: [await sampleItem(item.video.path, root, plan, { signal })] };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new DefenseError("media-missing", `item ${item.id}: ${(cause as Error).message}`, { cause });
  }
}
