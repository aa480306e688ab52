import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

interface PixelSample {
  at: number[];
  values: number[];
}
interface Layout {
  frames: number;
  height: number;
  width: number;
  merge?: number;
  dims: number[];
  grid?: number[];
  mask?: string;
  pixels: PixelSample;
}

/** Golden values from Pillow, NumPy and transformers; made by tools/golden/video-sampler.py. */
export const peers = JSON.parse(readFileSync(new URL("./golden/peers.json", import.meta.url), "utf8")) as {
  resize: { seed: number; from: [number, number]; to: [number, number]; filter: "bicubic"; sha256: string }[];
  linspace: { frames: number; sha256: string }[];
  videoLlama3: Layout[];
  qwen: { layouts: Layout[]; sizes: { from: [number, number]; frames: number; to: [number, number] }[] };
  smolvlm: {
    layouts: Layout[];
    sizes: { from: [number, number]; to: [number, number] }[];
    indices: { total: number; fps: number; numFrames: number; rate: number; indices: number[] }[];
  };
  hfIndices: { total: number; fps: number; rate: number; count: number; sha256: string }[];
  qwenIndices: { total: number; count: number; sha256: string }[];
};

/** First 32 hex digits of the SHA-256, as the golden files store it. */
export function sha256(data: ArrayBufferView): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 32);
}
