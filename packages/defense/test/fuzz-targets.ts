import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VsbEvalError } from "@videosafety/vsb-eval";
import type { FuzzTarget } from "../../../fuzz.shared.js";
import { DefenseError } from "../src/errors.js";
import { checkRunFile, loadRunFile } from "../src/run-file/load-run-file-node.js";
import { PRESETS } from "../src/run-file/presets.js";

const file = join(mkdtempSync(join(tmpdir(), "defense-fuzz-")), "run.yaml");

/** Parsers of this package, as `pnpm fuzz` finds them. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "run.yaml",
    kind: "bytes",
    corpus: [
      "preset: demo\nmodel: { source: m }\nout: run\ndata:\n  - { name: a, path: a.jsonl, format: sft }\n",
      "stages: [{ stage: 1 }]\n",
    ],
    words: ["&a ", "*a", "<<: ", "- ", "stages:", "preset: vsr1", "null", "!!js "],
    refusals: [DefenseError, VsbEvalError],
    async read(bytes: Uint8Array) {
      writeFileSync(file, bytes);
      await loadRunFile(file);
    },
  },
  {
    name: "settings of a run",
    kind: "json",
    corpus: Object.values(PRESETS),
    refusals: [DefenseError, VsbEvalError],
    read(value: unknown) {
      if (typeof value === "object" && value !== null && !Array.isArray(value))
        checkRunFile(value as Record<string, unknown>, "run.yaml");
    },
  },
];
