import assert from "node:assert/strict";
import type { FuzzTarget } from "../../../fuzz.shared.js";
import {
  evalItemSchema,
  grpoRecordSchema,
  grpoSampleFromRecord,
  isWellFormedCompletion,
  parseJsonl,
  parseTaggedCompletion,
  RecordError,
  sftRecordSchema,
  sftSampleFromRecord,
} from "../src/index.js";

const completion =
  "<think>what is shown</think><answer>a plain answer</answer><vidType>1</vidType><textType>0</textType>";

/** Records, or the error that reading ended with. */
async function linesOf(chunks: readonly Uint8Array[]): Promise<unknown> {
  const records: unknown[] = [];
  try {
    for await (const record of parseJsonl(chunks, { maxLineLength: 300 })) records.push(record);
    return { records };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { records, error: error.message };
  }
}

/** Parsers of this package, as `pnpm fuzz` finds them. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "JSON Lines",
    kind: "bytes",
    corpus: [
      '{"a":1}\n{"b":"é"}\r\n\n[1,2]',
      '\ufeff{"text":"\\ud83d\\ude00 😀"}\n',
      `${JSON.stringify("x".repeat(310))}\n1\n`,
    ],
    refusals: [],
    async read(bytes: Uint8Array) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / 5) }, (_, i) => bytes.subarray(5 * i, 5 * i + 5));
      assert.deepEqual(await linesOf(pieces), await linesOf([bytes]), "chunks must not matter");
    },
  },
  {
    name: "tagged completions",
    kind: "bytes",
    corpus: [completion, completion.replaceAll("><", ">\n<"), "no tags at all"],
    words: ["<think>", "</think>", "<answer>", "</answer>", "<vidType>", "</textType>", "\u00a0", "<"],
    refusals: [],
    read(bytes: Uint8Array) {
      const text = new TextDecoder().decode(bytes);
      const { answer } = parseTaggedCompletion(text);
      if (answer !== null) assert.ok(text.includes(answer), "an answer is a part of its text");
      isWellFormedCompletion(text);
    },
  },
  {
    name: "records of stages 1 to 3",
    kind: "json",
    corpus: [
      {
        video: ["a.mp4"],
        conversations: [
          { from: "human", value: "<video>\nWhat is shown?" },
          { from: "gpt", value: "A sign. $1$0" },
        ],
        safety_labels: { visual: 1, textual: "safe" },
      },
    ],
    refusals: [RecordError],
    read(value: unknown) {
      const parsed = sftRecordSchema.safeParse(value);
      if (parsed.success) sftSampleFromRecord(parsed.data);
    },
  },
  {
    name: "records of stage 4",
    kind: "json",
    corpus: [
      {
        ...{ problem_id: 1, data_type: "video", path: "a.mp4", problem: "What?", problem_type: "free-form-and-choice" },
        ...{ solution: completion, options: null },
      },
    ],
    refusals: [RecordError],
    read(value: unknown) {
      const parsed = grpoRecordSchema.safeParse(value);
      if (parsed.success) grpoSampleFromRecord(parsed.data);
    },
  },
  {
    name: "evaluation items",
    kind: "json",
    corpus: [
      {
        ...{ id: "1", subset: "HH", query: "the request", video: { path: "a.mp4" }, category: "c", subcategory: null },
        ...{ language: "en", labels: { visual: 1, textual: 1 } },
      },
    ],
    refusals: [],
    read: (value: unknown) => evalItemSchema.safeParse(value),
  },
];
