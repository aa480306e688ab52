import { createHash } from "node:crypto";
import { rm, utimes } from "node:fs/promises";
import { readSafetensors, writeSafetensors } from "@videosafety/onnx-autodiff";
import type { StoredFeatures } from "@videosafety/video-llm";
import { z } from "zod";

const numbers = z.array(z.number());
const headSchema = z.object({
  key: z.string(),
  sum: z.string().describe("SHA-256 of the embeddings: files are not flushed, and a power cut may damage them"),
  kind: z.enum(["video", "image"]),
  timestampsSeconds: numbers,
  toldSeconds: numbers.optional(),
  tiles: z.object({ rows: z.number(), columns: z.number() }).optional(),
  secondsPerGrid: z.number(),
  grid: z.tuple([z.number(), z.number(), z.number()]),
  mergeSize: z.number(),
  keptTokens: numbers,
  frameTokenCounts: numbers,
});

const sumOf = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex");

/** Writes features as a safetensors file, whole or not at all. */
export async function writeFeatures(path: string, key: string, stored: StoredFeatures): Promise<void> {
  const { embeddings, timestampsSeconds, toldSeconds, keptTokens, frameTokenCounts, ...rest } = stored;
  const head: z.output<typeof headSchema> = {
    ...rest,
    grid: [...rest.grid],
    key,
    sum: sumOf(embeddings.data),
    timestampsSeconds: [...timestampsSeconds],
    ...(toldSeconds === undefined ? {} : { toldSeconds: [...toldSeconds] }),
    keptTokens: [...keptTokens],
    frameTokenCounts: [...frameTokenCounts],
  };
  await writeSafetensors(
    path,
    new Map([["embeddings", embeddings]]),
    { features: JSON.stringify(head) },
    { flush: false },
  );
}

/** Features of a file; null when there is none, and for one that is damaged or another's, which is removed. */
export async function readFeatures(path: string, key: string): Promise<StoredFeatures | null> {
  try {
    const { tensors, metadata } = await readSafetensors(path);
    const head = headSchema.parse(JSON.parse(metadata.features ?? "null"));
    const embeddings = tensors.get("embeddings");
    const [rows, columns] = embeddings?.dims ?? [];
    if (head.key !== key || !(embeddings?.data instanceof Float32Array) || rows === undefined || columns === undefined)
      throw new Error("other features");
    if (head.sum !== sumOf(embeddings.data)) throw new Error("damaged");
    const { key: _, sum: __, timestampsSeconds, toldSeconds, tiles, keptTokens, frameTokenCounts, ...rest } = head;
    const now = new Date();
    await utimes(path, now, now).catch(() => {}); // when it was used last; a folder that is read only has no bound to keep
    return {
      ...rest,
      ...(tiles === undefined ? {} : { tiles }),
      timestampsSeconds: Float64Array.from(timestampsSeconds),
      ...(toldSeconds === undefined ? {} : { toldSeconds: Float64Array.from(toldSeconds) }),
      keptTokens: Int32Array.from(keptTokens),
      frameTokenCounts: Int32Array.from(frameTokenCounts),
      embeddings: { data: embeddings.data, dims: [rows, columns] },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") await rm(path, { force: true }).catch(() => {});
    return null;
  }
}
