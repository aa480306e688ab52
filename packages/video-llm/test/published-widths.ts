import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { loadVideoLlm } from "../src/index.js";
import { formulaCheckpoint, pixels } from "./formula-weights.js";
import { worst } from "./worst.js";

/** A model as wide as a published one, with one layer of each kind: tools/golden/video-llm-dialects.py and -authors.py. */
export interface WideCase {
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly textIds: number[];
  /** Of the last position. */
  readonly logits: number[];
  readonly greedy: number[];
  readonly frames: [number, number, number];
  readonly halves: boolean;
  /** Every so many values of the visual embeddings are in `embeddings`. */
  readonly step: number;
  readonly embeddings: number[];
}

/** Largest differences from the peer. */
export interface WideDifference {
  readonly logits: number;
  readonly embeddings: number;
  readonly greedyEqual: boolean;
}

/** All cases of both generators. */
export async function wideCases(): Promise<WideCase[]> {
  const read = async (name: string): Promise<WideCase[]> =>
    JSON.parse(await readFile(fileURLToPath(new URL(`golden/${name}.json`, import.meta.url)), "utf8")).cases;
  return [...(await read("published-widths-authors")), ...(await read("published-widths"))];
}

/** Writes the checkpoint below `root`, loads it and compares. */
export async function compareWide(golden: WideCase, root: string): Promise<WideDifference> {
  const directory = await formulaCheckpoint(root, { ...golden, dtype: "float32", shards: 1 });
  const model = await loadVideoLlm(directory);
  const features = await model.encodeVideo(pixels(golden.frames, golden), { kind: "video" });
  const values = await model.visualEmbeddings(features);
  // The peer's embeddings are of all tokens, ours of those that compression keeps.
  const width = values.length / features.keptTokens.length;
  const tokens = (features.grid[0] * features.grid[1] * features.grid[2]) / features.mergeSize ** 2;
  const all = Math.ceil((tokens * width) / golden.step);
  if (golden.embeddings.length !== all)
    throw new Error(`expected ${all} values of embeddings, found ${golden.embeddings.length}`);
  const row = new Map(Array.from(features.keptTokens, (token, i) => [token, i]));
  const [found, expected]: [number[], number[]] = [[], []];
  golden.embeddings.forEach((value, i) => {
    const kept = row.get(Math.floor((i * golden.step) / width));
    if (kept === undefined) return;
    found.push(values[kept * width + ((i * golden.step) % width)] as number);
    expected.push(value);
  });
  const prompt = { visual: [], visualPositions: new Int32Array(0), alarmPositions: null, alarms: null };
  const ids = Int32Array.from(golden.textIds);
  const [logits = new Float32Array()] = await model.logits([
    { prompt: { ...prompt, tokenIds: ids.slice(0, -1) }, completionIds: Int32Array.of(ids.at(-1) as number, 0) },
  ]);
  const own = golden.logits.length;
  const last = logits.subarray(model.config.vocabularySize, model.config.vocabularySize + own);
  const [[completion] = []] = await model.generate([{ ...prompt, tokenIds: ids }], {
    maxCompletionLength: golden.greedy.length,
    temperature: 0,
  });
  await model.dispose();
  return {
    logits: worst(last, golden.logits),
    embeddings: worst(found, expected),
    greedyEqual: `${completion?.tokenIds}` === `${golden.greedy}`,
  };
}
