import { Buffer } from "node:buffer";
import type { Rng } from "@videosafety/random";
import { FileFormatError, grad, importModel, OnnxAutodiffError, parseOnnxModel, sumAll } from "../src/index.js";
import { isFloat } from "../src/tensor.js";

/** A damaged copy: bytes overwritten, cut out, doubled or cut off, or a length blown up. */
export function mutate(source: Uint8Array, rng: Rng): Uint8Array {
  let bytes = Buffer.from(source);
  for (let k = rng.integer(2); k >= 0; k--) {
    const at = rng.integer(bytes.length + 1);
    const kind = Math.max(0, rng.integer(9) - 4); // most often one byte changes, which gets furthest
    if (kind === 0 && at < bytes.length) bytes[at] = rng.integer(256);
    else if (kind === 1 && at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << rng.integer(8));
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + rng.integer(4))]);
    else if (kind === 3) {
      const part = bytes.subarray(at, at + rng.integer(24));
      bytes = Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
    } else if (kind === 4 && rng.integer(4) === 0) bytes = bytes.subarray(0, at);
    else if (at < bytes.length) bytes[at] = ([0x7f, 0x80, 0xff, 0, 1] as const)[rng.integer(5)] as number;
  }
  return bytes;
}

/**
 * Parses, imports and differentiates a file. Everything that stops it must be one of this package's errors: anything else is thrown on.
 * @returns what stopped it, or "ok"
 */
export function survive(bytes: Uint8Array): "ok" | "file" | "graph" {
  try {
    const { graph, outputs, inputs } = importModel(parseOnnxModel(bytes));
    const wanted = [...inputs.values()].filter((v) => isFloat(v.dtype));
    for (const value of outputs.values()) if (isFloat(value.dtype) && graph) grad(sumAll(value), wanted);
    return "ok";
  } catch (error) {
    if (error instanceof FileFormatError) return "file";
    if (error instanceof OnnxAutodiffError) return "graph";
    throw error;
  }
}
