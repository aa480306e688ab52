import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "@videosafety/safety-data/node";
import { z } from "zod";
import { DefenseError } from "../errors.js";
import { PRECISIONS } from "../run-file/precisions.js";

/** The file beside a checkpoint's weights. */
export const NOTES_FILE = "videosafety.json";

const notesSchema = z.object({
  stage: z.string().describe("name of the stage that made it"),
  base: z.string().describe("directory or id of the model that the run began with"),
  revision: z.string().optional().describe("of an id"),
  adapter: z.string().optional().describe("adapter that the run began with"),
  precision: z.enum(PRECISIONS).describe("how the base's weights were held"),
  frames: z
    .object({
      fps: z.number().optional(),
      maxFrames: z.number().optional(),
      maxVisualTokens: z.number().optional(),
    })
    .describe("how it was shown videos"),
  alarmTokens: z.boolean().describe("whether its prompts had alarm tokens"),
  questionPrompt: z
    .string()
    .regex(/\{query\}/, "expected {query} in it")
    .optional()
    .describe("what its training wrote around a question, {query} in its place"),
});

/** What a run says about a checkpoint that it made: how it must be loaded and shown videos to be what was trained. */
export type CheckpointNotes = z.output<typeof notesSchema>;

/** Writes the notes of a checkpoint beside its weights, as a whole or not at all. */
export async function writeNotes(directory: string, notes: CheckpointNotes): Promise<void> {
  await replaceFile(join(directory, NOTES_FILE), `${JSON.stringify(notes, null, 2)}\n`);
}

/** The notes of a checkpoint; null for a model that no run made. @throws DefenseError `model-unusable` for notes that are damaged */
export async function readNotes(directory: string): Promise<CheckpointNotes | null> {
  const path = join(directory, NOTES_FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return notesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DefenseError("model-unusable", `${path}: expected the notes of a run, found something else; delete it`, {
      cause,
    });
  }
}
