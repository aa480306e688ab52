import { CLIPPED_LOSS_WASM } from "./clipped-loss-wasm.js";
import { LOG_SOFTMAX_WASM } from "./log-softmax-wasm.js";

interface Memory {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** The exports of log-softmax.wat. Pointers are byte offsets, multiples of 16; ranges are [pointer, end). */
export interface LogSoftmaxKernels extends Memory {
  maximum(pointer: number, end: number): number;
  sumExp(pointer: number, end: number, maximum: number, scale: number): number;
  sumWeighted(pointer: number, end: number, maximum: number, scale: number): number;
  gradient(pointer: number, end: number, maximum: number, scale: number, shift: number, a: number, b: number): void;
}

/** The exports of clipped-loss.wat, which describes the memory's layout. `stride` and `end` are bytes, multiples of 16. */
export interface ClippedLossKernels extends Memory {
  clipped(
    stride: number,
    end: number,
    advantage: number,
    share: number,
    low: number,
    high: number,
    weight: number,
  ): void;
  clippedKl(
    stride: number,
    end: number,
    advantage: number,
    share: number,
    low: number,
    high: number,
    weight: number,
    beta: number,
    klClamp: number,
    correctKl: number,
  ): void;
}

interface WebAssemblyLike {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
}

const loaded = new Map<string, unknown>();

/** An engine without SIMD refuses the module; the portable paths give the same numbers, slower. */
function instance<Kernels>(base64: string): Kernels | null {
  if (loaded.has(base64)) return loaded.get(base64) as Kernels | null;
  const wasm = (globalThis as { WebAssembly?: WebAssemblyLike }).WebAssembly;
  let kernels: unknown = null;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    kernels = wasm ? new wasm.Instance(new wasm.Module(bytes)).exports : null;
  } catch {}
  loaded.set(base64, kernels);
  return kernels as Kernels | null;
}

/** The SIMD kernels of the softmax, or null where WebAssembly SIMD is missing. Compiled on first use (about 1 KB of code). */
export const logSoftmaxKernels = (): LogSoftmaxKernels | null => instance(LOG_SOFTMAX_WASM);

/** The SIMD kernels of the clipped loss, or null likewise. */
export const clippedLossKernels = (): ClippedLossKernels | null => instance(CLIPPED_LOSS_WASM);

/** A float32 view of the first `floats` of the kernels' memory, grown as needed. */
export function kernelMemory(kernels: Memory, floats: number): Float32Array {
  growTo(kernels, floats * 4);
  return new Float32Array(kernels.memory.buffer, 0, floats);
}

/** Makes the kernels' memory at least so many bytes large. */
export function growTo(kernels: Memory, bytes: number): void {
  const missing = bytes - kernels.memory.buffer.byteLength;
  if (missing > 0) kernels.memory.grow(Math.ceil(missing / 65_536));
}
