import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSafetensors, streamSafetensors } from "../index.js";

const bytesOf = (data: Float32Array): Uint8Array => new Uint8Array(data.buffer);

it("streams a file that appears only when it is complete", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stream-"));
  const path = join(directory, "weights.safetensors");
  const plan = new Map([
    ["codes", { dtype: "U8", dims: [3] }],
    ["scales", { dtype: "F32", dims: [2, 2] }],
  ] as const);
  const dropped = await streamSafetensors(path, plan);
  await dropped.append("codes", Uint8Array.of(9));
  await expect(dropped.append("codes", Uint8Array.of(1, 2, 3))).rejects.toThrow("codes has 3 bytes, found 4");
  await expect(dropped.append("other", Uint8Array.of(1))).rejects.toThrow("no tensor other");
  await expect(dropped.finish()).rejects.toThrow("needs 16 bytes, found 0");
  await dropped.abort();
  expect(readdirSync(directory)).toEqual([]);

  const stream = await streamSafetensors(path, plan, { key: "k" });
  await stream.append("codes", Uint8Array.of(1, 2));
  await stream.append("scales", bytesOf(Float32Array.of(1, 2)));
  await stream.append("codes", Uint8Array.of(3));
  await stream.append("scales", bytesOf(Float32Array.of(3, 4)));
  expect(readdirSync(directory)).not.toContain("weights.safetensors");
  await stream.finish();
  await stream.abort();
  expect(readdirSync(directory)).toEqual(["weights.safetensors"]);
  const { tensors, metadata } = await readSafetensors(path);
  expect(metadata).toEqual({ key: "k" });
  expect(Array.from(tensors.get("codes")?.data as Uint8Array)).toEqual([1, 2, 3]);
  expect(Array.from(tensors.get("scales")?.data as Float32Array)).toEqual([1, 2, 3, 4]);
  rmSync(directory, { recursive: true });
});
