import { RequestError } from "@videosafety/endpoint/server";
import type { FuzzTarget } from "../../../fuzz.shared.js";
import { openRequest, type RequestKind, readItems } from "../src/server/wire/read-request.js";

const solution = "<think>t</think><answer>a</answer><vidType>1</vidType><textType>0</textType>";
const item = { id: "1", prompt: "p", completion: solution, solution, problem_type: "free-form-and-choice" };
const limits = { maxItems: 100, maxScores: 1000, openRlhfProblemType: "free-form-and-choice", completionPrefix: "" };
const decoder = new TextDecoder("utf-8", { fatal: true });

const read =
  (kind: RequestKind) =>
  (bytes: Uint8Array): unknown => {
    const opened = openRequest(kind, bytes, ["accuracy", "format"], limits, (part) => decoder.decode(part));
    return readItems(bytes, opened, [0, opened.envelope.count], limits, (part) => decoder.decode(part));
  };

/** Parsers of this package, as `pnpm fuzz` finds them. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "bodies of reward requests",
    kind: "bytes",
    corpus: [
      JSON.stringify({
        items: [item, { ...item, completion_length: 7, group_id: "g" }],
        rewards: ["accuracy", "format"],
      }),
      JSON.stringify({ items: [] }),
    ],
    words: ['"items":[', '"rewards":["accuracy"]', '"compat":"vsr1"', "[[[[[[[[", '"\\ud800"'],
    refusals: [RequestError],
    read: read("rewards"),
  },
  {
    name: "bodies of OpenRLHF",
    kind: "bytes",
    corpus: [JSON.stringify({ query: ["q"], prompts: ["p"], labels: [solution] })],
    words: ['"query":[', '"labels":{}', "[[[[[[[["],
    refusals: [RequestError],
    read: read("openrlhf"),
  },
];
