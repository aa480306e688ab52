import { mkdir, readdir, writeFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { VSE_ASSUMED_V1 } from "@videosafety/safety-data";
import { writeJsonl } from "@videosafety/safety-data/node";
import { videoFrames } from "../arms/video-frames-node.js";
import { createOpenAiAnnotator } from "../build/annotation.js";
import { buildBenchmark } from "../build/build-benchmark.js";
import { datasheet } from "../build/datasheet.js";
import { openEndpoint } from "../config/open-models-node.js";
import type { Terminal } from "./terminal.js";

const VIDEO_FILES = new Set([".mp4", ".mkv", ".webm", ".mov", ".avi", ".gif", ".ts", ".m4v"]);

/** `vsb-eval build`: a benchmark from a folder of clips. */
export async function buildCommand(
  folder: string,
  options: {
    readonly out: string;
    readonly baseUrl: string;
    readonly apiKeyEnv?: string;
    readonly annotator: readonly string[];
    readonly languages?: string;
    readonly name: string;
    readonly seed: number;
  },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const videos = files
    .filter((file) => file.isFile() && VIDEO_FILES.has(extname(file.name).toLowerCase()))
    .map((file) => ({ path: relative(folder, join(file.parentPath, file.name)) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const server = { baseUrl: options.baseUrl, headers: {}, extraBody: {}, tokensField: "max_tokens", finishReasons: {} };
  const endpoint = openEndpoint({
    ...server,
    ...(options.apiKeyEnv === undefined ? {} : { apiKeyEnv: options.apiKeyEnv }),
  });
  const annotators = options.annotator.map((model) =>
    createOpenAiAnnotator({ ...endpoint, model, revision: "unknown", taxonomy: VSE_ASSUMED_V1 }),
  );
  const built = await buildBenchmark({
    videos,
    frames: videoFrames({ root: folder }),
    annotators,
    seed: options.seed,
    signal,
    ...(options.languages === undefined ? {} : { languages: options.languages.split(",") }),
  });
  await mkdir(options.out, { recursive: true });
  await writeJsonl(join(options.out, "items.jsonl"), built.items);
  await writeJsonl(join(options.out, "dropped.jsonl"), built.dropped);
  const about = { name: options.name, annotators: annotators.map(({ id }) => id), taxonomy: VSE_ASSUMED_V1.id };
  await writeFile(join(options.out, "DATASHEET.md"), datasheet(built, about));
  terminal.out(`${built.items.length} items from ${videos.length} clips, ${built.dropped.length} clips left out\n`);
}
