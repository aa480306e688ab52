import { stat } from "node:fs/promises";
import { CheckpointError } from "../errors.js";
import { downloadModel } from "./download-model-node.js";
import type { HubOptions } from "./hub-settings-node.js";

/** Where a model's files are. */
export interface ResolvedModel {
  /** Directory with its files. */
  readonly directory: string;
  /** Commit on the hub; null for a directory of one's own. */
  readonly commit: string | null;
}

const ID = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/** Whether a text has the form of an id. */
export const isHubId = (text: string): boolean => ID.test(text);

/**
 * A directory as it is, or a model of the Hugging Face hub (`owner/name`) brought into the cache. A directory of that name
 * comes first, as in transformers.
 *
 * @throws CheckpointError `missing-file` for what is neither; HubError as `downloadModel`.
 */
export async function resolveModel(idOrDirectory: string, options: HubOptions = {}): Promise<ResolvedModel> {
  const found = await stat(idOrDirectory).catch(() => null);
  if (found?.isDirectory()) return { directory: idOrDirectory, commit: null };
  if (found === null && isHubId(idOrDirectory)) return downloadModel(idOrDirectory, options);
  const what = found === null ? "there is no such directory, and a hub id has the form owner/name" : "this is a file";
  throw new CheckpointError(
    "missing-file",
    `${idOrDirectory}: expected a model directory or the id of a model on the Hugging Face hub, but ${what}; check the path`,
    { file: idOrDirectory },
  );
}
