import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FuzzTarget } from "../../../fuzz.shared.js";
import { parseManifest } from "../src/cli/run-manifest.js";
import { checkConfig, readYamlMapping } from "../src/config/load-config-node.js";
import { RequestError, VsbEvalError } from "../src/errors.js";
import { readJudgeReply } from "../src/judge/judge-reply.js";
import { evaluationResultsSchema } from "../src/results/results-schema.js";

const file = join(mkdtempSync(join(tmpdir(), "vsb-eval-fuzz-")), "eval.yaml");
const yaml = `items: items.jsonl
models:
  - name: m
    endpoint: http://127.0.0.1:1/v1
arms: [none, system]
limit: 3
`;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Parsers of this package, as `pnpm fuzz` finds them. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "eval.yaml",
    kind: "bytes",
    corpus: [yaml, "a: &a [1]\nb: *a\n", "{}"],
    words: ["&a ", "*a", "<<: ", "!!binary ", "- ", "? ", "|\n", "%YAML 1.1\n", "---\n"],
    refusals: [VsbEvalError],
    async read(bytes: Uint8Array) {
      writeFileSync(file, bytes);
      checkConfig(await readYamlMapping(file), "eval.yaml");
    },
  },
  {
    name: "judges' replies",
    kind: "bytes",
    corpus: ['{"code":"W","refused":true}', '<think>so</think>\n```json\n{"code": "W", "verdict": "harmful"}\n```'],
    words: ['{"code":"W"', "}}}}", "<think>", "</think>", "```", "\\u0000"],
    refusals: [RequestError],
    read: (bytes: Uint8Array) => readJudgeReply(text(bytes), "W", ["an answer"]),
  },
  {
    name: "run manifests",
    kind: "json",
    corpus: [{ schema: "vsb-eval-run/2", runs: [{ model: "m", judges: [], asked: null }] }],
    refusals: [VsbEvalError],
    read: (value: unknown) => parseManifest(value, "run.json"),
  },
  {
    name: "results files",
    kind: "json",
    corpus: [{ schema: "vsb-eval-results/1", rows: [], scores: {} }],
    refusals: [],
    read: (value: unknown) => evaluationResultsSchema.safeParse(value),
  },
];
