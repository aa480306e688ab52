import { LOG_SOFTMAX_WASM } from "./log-softmax-wasm.js";

/** The exports of log-softmax.wat. Pointers are byte offsets, multiples of 16; ranges are [pointer, end). */
export interface LogSoftmaxKernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  maximum(pointer: number, end: number): number;
  sumExp(pointer: number, end: number, maximum: number, scale: number): number;
  sumWeighted(pointer: number, end: number, maximum: number, scale: number): number;
  gradient(pointer: number, end: number, maximum: number, scale: number, shift: number, a: number, b: number): void;
}

interface WebAssemblyLike {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
}

let loaded: LogSoftmaxKernels | null | undefined;

/** The SIMD kernels, or null where WebAssembly SIMD is missing. Compiled on first use (about 1 KB of code). */
export function logSoftmaxKernels(): LogSoftmaxKernels | null {
  if (loaded !== undefined) return loaded;
  const wasm = (globalThis as { WebAssembly?: WebAssemblyLike }).WebAssembly;
  try {
    const bytes = Uint8Array.from(atob(LOG_SOFTMAX_WASM), (character) => character.charCodeAt(0));
    loaded = wasm ? (new wasm.Instance(new wasm.Module(bytes)).exports as LogSoftmaxKernels) : null;
  } catch {
    loaded = null; // an engine without SIMD refuses the module; the portable path gives the same numbers, slower
  }
  return loaded;
}

/** A float32 view of the first `floats` of the kernels' memory, grown as needed. */
export function kernelMemory(kernels: LogSoftmaxKernels, floats: number): Float32Array {
  const missing = floats * 4 - kernels.memory.buffer.byteLength;
  if (missing > 0) kernels.memory.grow(Math.ceil(missing / 65_536));
  return new Float32Array(kernels.memory.buffer, 0, floats);
}
