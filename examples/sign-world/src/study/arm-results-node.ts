import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { replaceFile } from "@videosafety/safety-data/node";
import type { Behaviour } from "../base/composed-evaluation.js";
import type { TrainingRow } from "./train-stage.js";

/** One answer, with all that tables are made by; texts are kept only where they say something that the rest does not. */
export interface AnswerRow {
  /** The sample's id: names set, family and number. */
  readonly id: string;
  /** What was right: refuse, answer or answer with a caution. */
  readonly outcome: "refuse" | "answer" | "caution";
  /** H, N, B, R, V or G. */
  readonly family: string;
  /** BCP-47 tag. */
  readonly language: string;
  /** Language and production: the query's template, second way of clustering. */
  readonly production: string;
  /** The clip, or the group of clips that share one; first way of clustering. Null for text alone. */
  readonly cluster: string | null;
  /** Minimal pair of family R. */
  readonly pair: string | null;
  /** seen, new-composition or new-topic. */
  readonly novelty: string;
  /** What a question about the clip asks. */
  readonly question: string | null;
  /** Category of the harm that is asked for. */
  readonly category: string | null;
  /** Labels of clip and query, 1 = harmful. */
  readonly visual: 0 | 1;
  /** As above. */
  readonly textual: 0 | 1;
  /** Whether the clip was shown. */
  readonly withClip: boolean;
  /** What the answer did. */
  readonly behaviour: Behaviour;
  /** Whether it holds the words of the right answer. */
  readonly keyed: boolean;
  /** Whether the reasoning names the query's topic; null without reasoning or without harm. */
  readonly topicInReasoning: boolean | null;
  /** Whether the completion is tagged as stage 3 teaches. */
  readonly wellFormed: boolean;
}

/** What one arm did on one seed. */
export interface ArmResults {
  /** The arm. */
  readonly arm: string;
  /** Of base, data and training order. */
  readonly seed: number;
  /** What it was scored on. */
  readonly draw: string;
  /** Settings of stages and sizes: tables refuse to mix results of others. */
  readonly settings: unknown;
  /** SHA-256 of the base's weights; null for readers that are no models. */
  readonly base: string | null;
  /** CPU features, Node and package versions. */
  readonly environment: unknown;
  /** Losses and rewards of the last stage. */
  readonly training: readonly TrainingRow[];
  /** One per query. */
  readonly answers: readonly AnswerRow[];
}

const fileOf = (folder: string, seed: number, arm: string): string => join(folder, `seed-${seed}`, `${arm}.json.gz`);

/**
 * Whether an arm was scored before.
 * @throws Error when it was scored on another draw or with other settings than are asked for
 */
export function hasResults(folder: string, asked: Pick<ArmResults, "arm" | "seed" | "draw" | "settings">): boolean {
  const file = fileOf(folder, asked.seed, asked.arm);
  if (!existsSync(file)) return false;
  const [found, expected] = [readResults(file), asked].map(({ draw, settings }) => JSON.stringify([draw, settings]));
  if (found !== expected)
    throw new Error(`${file}: expected results of ${expected}, found ${found}; choose another folder with --out`);
  return true;
}

/** Keeps results, compressed, whole or not at all; the same results give the same bytes. */
export async function writeResults(folder: string, results: ArmResults): Promise<string> {
  const file = fileOf(folder, results.seed, results.arm);
  mkdirSync(dirname(file), { recursive: true });
  const { answers, ...rest } = results;
  // One list per field: equal neighbours compress well.
  const names = Object.keys(answers[0] ?? {}) as (keyof AnswerRow)[];
  const columns = Object.fromEntries(names.map((name) => [name, answers.map((row) => row[name])]));
  await replaceFile(file, gzipSync(JSON.stringify({ ...rest, columns }), { level: 9 }));
  return file;
}

/** Reads one file. @throws Error when it is not a results file of the study */
export function readResults(file: string): ArmResults {
  let read: Omit<ArmResults, "answers"> & { columns: Record<string, unknown[]> };
  try {
    read = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8"));
  } catch (cause) {
    throw new Error(
      `${file}: expected gzipped JSON of the study, found something else; remove it and run the arm again`,
      {
        cause,
      },
    );
  }
  const { columns, ...rest } = read;
  if (columns?.id === undefined || typeof rest.arm !== "string" || typeof rest.seed !== "number")
    throw new Error(`${file}: expected arm, seed and columns, found ${Object.keys(read).join(", ")}`);
  const answers = columns.id.map(
    (_, i) =>
      Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])) as unknown as AnswerRow,
  );
  return { ...rest, answers };
}

/** Every results file of a folder, by seed and arm. */
export function readAllResults(folder: string): ArmResults[] {
  const seeds = readdirSync(folder)
    .filter((name) => /^seed-\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  return seeds.flatMap((seed) =>
    readdirSync(join(folder, seed))
      .filter((name) => name.endsWith(".json.gz"))
      .sort()
      .map((name) => readResults(join(folder, seed, name))),
  );
}
