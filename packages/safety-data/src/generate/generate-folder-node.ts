import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import * as z from "zod/mini";
import { GenerationError, RecordError } from "../errors.js";
import { lockFile } from "../jsonl/file-lock-node.js";
import { openJsonlAppender, readJsonl, writeJsonl } from "../jsonl/jsonl-node.js";
import { replaceFile } from "../jsonl/replace-file-node.js";
import { described } from "../schema.js";
import { estimateGeneration, type GenerationEstimate } from "./estimate-generation.js";
import { type GenerationInput, type GenerationReport, generateRecords } from "./generate-records.js";
import { type Clip, clipSchema, generationSettingsSchema, type ServedModel } from "./generation-settings.js";
import { type JournalEntry, journalEntrySchema } from "./journal.js";

/** Largest configuration or grammar file. */
const MOST_BYTES = 8 * 2 ** 20;

const filesSchema = z.looseObject({
  grammar: described(z.string().check(z.minLength(1)), "grammar file, relative to this file"),
  media: described(
    z.optional(z.string().check(z.minLength(1))),
    "JSON Lines of clips: path, visual, and optionally type and description",
  ),
});

/** What a configuration file names, read and checked. */
export interface GenerationFiles {
  readonly grammar: unknown;
  readonly clips: readonly Clip[];
  readonly settings: unknown;
  readonly apiKey: (model: ServedModel) => string | undefined;
}

async function readJsonFile(path: string, what: string): Promise<unknown> {
  const wrong = (found: string, cause: unknown): GenerationError =>
    new GenerationError(
      "config",
      `${what} ${path}: expected a JSON file of at most ${MOST_BYTES} bytes, found ${found}`,
      { cause },
    );
  const info = await stat(path).catch((cause: Error) => {
    throw wrong(cause.message, cause);
  });
  if (!info.isFile() || info.size > MOST_BYTES)
    throw wrong(info.isFile() ? `${info.size} bytes` : "no file", undefined);
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw wrong((cause as Error).message, cause);
  }
}

/**
 * Reads a configuration file and the files that it names; keys come from the environment variables that it names.
 * @throws GenerationError "config"; RecordError for a line of the media file; ZodError for unknown or impossible settings
 */
export async function readGenerationFiles(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<GenerationFiles> {
  const { grammar, media, ...settings } = filesSchema.parse(await readJsonFile(path, "configuration"));
  const checked = generationSettingsSchema.parse(settings);
  const near = (file: string): string => resolve(dirname(path), file);
  const clips: Clip[] = [];
  if (media !== undefined) for await (const clip of readJsonl(near(media), { schema: clipSchema })) clips.push(clip);
  const models = [checked.generator, ...checked.judges, checked.tieBreaker, checked.embeddings];
  for (const name of models.flatMap((model) => model?.apiKeyEnv ?? []))
    if (!environment[name])
      throw new GenerationError(
        "config",
        `expected the environment variable ${name}, which holds a key, found it ${environment[name] === undefined ? "unset" : "empty"}`,
      );
  const apiKey = ({ apiKeyEnv }: ServedModel): string | undefined =>
    apiKeyEnv === undefined ? undefined : environment[apiKeyEnv];
  return { grammar: await readJsonFile(near(grammar), "grammar"), clips, settings, apiKey };
}

/** How `generateToFolder` runs. */
export interface FolderOptions extends Pick<GenerationInput, "signal" | "onProgress" | "fetch"> {
  /** Goes on with what the folder holds; without it the folder must not hold a generation. */
  readonly resume?: boolean;
  /** Default: the process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Counts what a configuration's generation would take, without asking anybody; see `estimateGeneration`. */
export async function estimateFromFile(
  config: string,
  environment?: FolderOptions["environment"],
): Promise<GenerationEstimate> {
  return estimateGeneration(await readGenerationFiles(config, environment));
}

/**
 * Generates into a folder: `sft.jsonl`, `cot.jsonl`, `rl.jsonl` (those asked for), `dropped.jsonl` with the reason of each dropped record, `report.json`.
 * Each of them is replaced whole or not at all, the report last. `journal.jsonl` keeps every paid answer as it comes: killed at any moment, a
 * run with `resume` asks nothing twice that was acknowledged.
 *
 * @throws as `generateRecords`; FileLockError while another process has the folder; GenerationError "journal" for a folder that holds a generation
 *   without `resume`, or a journal with a broken line
 */
export async function generateToFolder(
  config: string,
  out: string,
  options: FolderOptions = {},
): Promise<GenerationReport> {
  const files = await readGenerationFiles(config, options.environment);
  // What does not fit together is found before the folder is touched.
  estimateGeneration({ ...files, settings: { ...(files.settings as object), count: 1 } });
  await mkdir(out, { recursive: true });
  const unlock = await lockFile(join(out, "lock"));
  try {
    const path = join(out, "journal.jsonl");
    const started = await stat(path).then(
      ({ size }) => size > 0,
      () => false,
    );
    if (started && !options.resume)
      throw new GenerationError(
        "journal",
        `expected an empty folder, found a generation in ${out}: resume it, or choose another folder`,
      );
    const appender = await openJsonlAppender(path);
    try {
      const journal = { entries: await readJournal(path), append: (entry: JournalEntry) => appender.append([entry]) };
      const { signal, onProgress, fetch } = options;
      const { records, dropped, report } = await generateRecords({
        ...files,
        journal,
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
        ...(fetch && { fetch }),
      });
      for (const format of report.settings.formats) await writeJsonl(join(out, `${format}.jsonl`), records[format]);
      await writeJsonl(join(out, "dropped.jsonl"), dropped);
      await replaceFile(join(out, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
      return report;
    } finally {
      await appender.close();
    }
  } finally {
    await unlock();
  }
}

async function readJournal(path: string): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  try {
    for await (const entry of readJsonl(path, { schema: journalEntrySchema })) entries.push(entry);
  } catch (cause) {
    if (!(cause instanceof RecordError)) throw cause;
    throw new GenerationError("journal", `${cause.message}: delete that line, its request is asked again`, { cause });
  }
  return entries;
}
