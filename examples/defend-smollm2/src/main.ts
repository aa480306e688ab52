#!/usr/bin/env node
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runDefense } from "./run-defense-node.js";
import { RunFolder } from "./run-folder-node.js";
import { SIZES } from "./run-settings.js";

/*
 * Gives SmolLM2-135M-Instruct eyes and takes it through the four stages of the defense, on a CPU. Killed, it goes on where it
 * was when the same command is given again.
 *
 *   node dist/main.js --decoder DIRECTORY [--seed 1] [--out RUN] [--size full|small|quick]
 *
 * DIRECTORY comes from tools/convert-gguf.py.
 */
const { values } = parseArgs({
  options: {
    decoder: { type: "string" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "smollm2-run" },
    size: { type: "string", default: "full" },
  },
});
const seed = Number(values.seed);
const problem =
  values.decoder === undefined
    ? "expected --decoder, a directory that tools/convert-gguf.py made"
    : !existsSync(join(values.decoder, "model.safetensors"))
      ? `expected model.safetensors in ${values.decoder}, found none: make it with tools/convert-gguf.py`
      : !Number.isInteger(seed) || seed < 0
        ? `expected a whole number --seed >= 0, found ${values.seed}`
        : !Object.hasOwn(SIZES, values.size)
          ? `expected --size ${Object.keys(SIZES).join(", ")}, found ${values.size}`
          : null;
if (problem !== null) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
} else {
  try {
    const settings = { seed, ...SIZES[values.size as keyof typeof SIZES] };
    await runDefense(new RunFolder(values.out, settings), settings, values.decoder as string);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
