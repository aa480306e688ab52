import { existsSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "@videosafety/safety-data/node";
import { MemoryStore } from "../store/evaluation-store.js";
import { JsonlFileStore, RECORDS_FILE, readStore } from "../store/jsonl-file-store-node.js";
import { buildMatrix } from "./build-matrix.js";
import { openCostLog } from "./cost-log-node.js";
import { matrixClips } from "./matrix-clips.js";
import type { MatrixGroup, MatrixOptions, MatrixRun } from "./matrix-options.js";
import { type MatrixPageOptions, matrixPage } from "./matrix-page.js";
import type { MatrixResults } from "./matrix-results.js";
import { type MatrixProgress, runMatrix } from "./run-matrix.js";

/** What a matrix in a folder takes. */
export interface MatrixFolderOptions extends Omit<MatrixOptions, "openStore" | "costs"> {
  /** Gets `seed-N/RUN/records.jsonl`, `costs.jsonl`, `matrix.json` and `matrix.html`. */
  readonly folder: string;
  /** Heading. */
  readonly title: string;
  /** Where and how it runs: printed at the end of the page. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Harmful and safe clips per row of the page; default 1. */
  readonly clipsPerRow?: number;
  /** Of the page. */
  readonly page?: Omit<MatrixPageOptions, "clips">;
  /** Hears of every unit. */
  readonly onProgress?: (progress: MatrixProgress) => void;
  /** Ask nobody: write results and page of what is there. */
  readonly only?: "report";
}

const storeFolder = (folder: string, group: MatrixGroup, run: MatrixRun): string =>
  join(folder, `seed-${group.seed}`, run.name.replace(/[^A-Za-z0-9._-]+/g, "-"));

/**
 * Runs a matrix in a folder, goes on where it stopped, and writes one results file and one page.
 *
 * @throws as `runMatrix` and `buildMatrix`
 */
export async function matrixInFolder(options: MatrixFolderOptions): Promise<MatrixResults> {
  const { folder, title, environment, clipsPerRow = 1, page, onProgress, only, ...rest } = options;
  const costs = openCostLog(join(folder, "costs.jsonl"));
  if (only === undefined) {
    const asking: MatrixOptions = {
      ...rest,
      costs,
      openStore: (group, run) => JsonlFileStore.open(storeFolder(folder, group, run)),
    };
    for await (const progress of runMatrix(asking)) onProgress?.(progress);
  }
  const reading: MatrixOptions = {
    ...rest,
    costs,
    openStore: async (group, run) => {
      const place = storeFolder(folder, group, run);
      return existsSync(join(place, RECORDS_FILE))
        ? new MemoryStore((await readStore(place)).all())
        : new MemoryStore();
    },
  };
  const results = await buildMatrix(reading, { title, ...(environment === undefined ? {} : { environment }) });
  await replaceFile(join(folder, "matrix.json"), `${JSON.stringify(results)}\n`);
  const clips = clipsPerRow === 0 ? [] : await matrixClips(reading, clipsPerRow);
  await replaceFile(join(folder, "matrix.html"), matrixPage(results, { ...page, clips }));
  return results;
}
