/** Scalars of one AdamW update, bias corrections folded in. */
export interface AdamWScalars {
  /** Step size. */
  readonly step: number;
  /** Added to the root of the second moment. */
  readonly epsilon: number;
  /** Factor on the parameter. */
  readonly decay: number;
  /** 1 - beta1. */
  readonly gain1: number;
  /** 1 - beta2. */
  readonly gain2: number;
  /** Factor on the gradient. */
  readonly gradientScale: number;
}

/** p = decay p - step m / (sqrt(v) + eps) after m and v took the gradient in; float64 inside, in place. */
export function adamWInto(p: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, s: AdamWScalars): void {
  kernel ??= compileKernel();
  if (!kernel || p.length < SMALL) adamWLoop(p, g, m, v, s);
  else adamWSimd(kernel, p, g, m, v, s);
}

/** The update in plain JavaScript, the definition of the fast one's bits. */
export function adamWLoop(p: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array, s: AdamWScalars): void {
  const { step, epsilon, decay, gain1, gain2, gradientScale } = s;
  for (let i = 0; i < p.length; i++) {
    const gi = (g[i] as number) * gradientScale;
    const mi = (m[i] as number) + gain1 * (gi - (m[i] as number));
    const vi = (v[i] as number) + gain2 * (gi * gi - (v[i] as number));
    m[i] = mi;
    v[i] = vi;
    p[i] = decay * (p[i] as number) - (step * mi) / (Math.sqrt(vi) + epsilon);
  }
}

/** A compiled module and its scratch memory. */
export interface Kernel {
  /** Updates the first `bytes` of every block. */
  readonly run: (bytes: number, ...scalars: number[]) => void;
  /** Scratch of BLOCK floats each: p, g, m, v. */
  readonly blocks: readonly Float32Array[];
}

/** Below it the copies cost more than they save. */
const SMALL = 256;
/** Floats of a tensor worked on at a time: four blocks of 16 KiB stay in the processor's nearest caches. */
const BLOCK = 4096;
let kernel: Kernel | false | undefined;

/** Two lanes of float64 at a time, with the same operations in the same order, hence the same bits as the loop. */
function adamWSimd(
  { run, blocks }: Kernel,
  p: Float32Array,
  g: Float32Array,
  m: Float32Array,
  v: Float32Array,
  s: AdamWScalars,
): void {
  const [bp, bg, bm, bv] = blocks as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (let start = 0; start < p.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, p.length);
    bp.set(p.subarray(start, end));
    bg.set(g.subarray(start, end));
    bm.set(m.subarray(start, end));
    bv.set(v.subarray(start, end));
    run((end - start) * 4, s.gradientScale, s.gain1, s.gain2, s.decay, s.step, s.epsilon);
    const whole = end - start === BLOCK;
    p.set(whole ? bp : bp.subarray(0, end - start), start);
    m.set(whole ? bm : bm.subarray(0, end - start), start);
    v.set(whole ? bv : bv.subarray(0, end - start), start);
  }
}

/** The part of the global WebAssembly used here; neither Node's nor the language's types declare it. */
interface WebAssemblyLike {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** False where WebAssembly SIMD is missing or forbidden (a content security policy): then the loop does the work. */
export function compileKernel(): Kernel | false {
  try {
    const { Instance, Module } = (globalThis as unknown as { WebAssembly: WebAssemblyLike }).WebAssembly;
    const instance = new Instance(new Module(assemble()));
    const { memory, run } = instance.exports as { memory: { buffer: ArrayBuffer }; run: Kernel["run"] };
    const blocks = [0, 1, 2, 3].map((i) => new Float32Array(memory.buffer, i * BLOCK * 4, BLOCK));
    return { run, blocks };
  } catch {
    return false;
  }
}

/**
 * The WebAssembly module (core specification 2.0, binary format): a page of memory and run(bytes, scale, gain1, gain2,
 * decay, step, epsilon), the loop above over two elements at a time.
 */
function assemble(): Uint8Array<ArrayBuffer> {
  const uleb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...uleb(n >> 7)]);
  const section = (id: number, body: number[]): number[] => [id, ...uleb(body.length), ...body];
  const name = (text: string): number[] => [text.length, ...[...text].map((c) => c.charCodeAt(0))];
  const simd = (opcode: number, ...operands: number[]): number[] => [0xfd, ...uleb(opcode), ...operands];
  const get = (local: number): number[] => [0x20, local];
  const set = (local: number): number[] => [0x21, local];
  const [add, sub, mul, div, sqrt, splat] = [0xf0, 0xf1, 0xf2, 0xf3, 0xef, 0x14].map((op) => simd(op)) as number[][];
  const [I32, F64, V128] = [0x7f, 0x7c, 0x7b] as const;
  // Locals: 0 bytes, 1-6 scalars, 7 position, 8-13 scalars in both lanes, 14 g, 15 m, 16 v.
  const [AT, SCALE, GAIN1, GAIN2, DECAY, STEP, EPSILON, G, M, V] = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16] as const;
  const offset = (block: number): number[] => uleb(block * BLOCK * 4);
  const load = (block: number): number[] => [...get(AT), ...simd(0x5d, 2, ...offset(block)), ...simd(0x5f)]; // 2 f32 -> f64
  const store = (block: number, value: number[]): number[] => [
    ...get(AT),
    ...value,
    ...simd(0x5e), // to f32
    ...simd(0x5b, 2, ...offset(block), 0),
  ];
  /** x + gain (target - x) */
  const towards = (x: number[], gain: number, target: number[]): number[] =>
    [x, get(gain), target, x, sub, mul, add].flat() as number[];
  const code = [
    ...[1, 2, 3, 4, 5, 6].flatMap((scalar) => [...get(scalar), ...(splat as number[]), ...set(scalar + 7)]),
    ...[0x03, 0x40], // loop
    ...[load(1), get(SCALE), mul, set(G), load(2), set(M), load(3), set(V)].flat(),
    ...[towards(get(M), GAIN1, get(G)), set(M)].flat(),
    ...[towards(get(V), GAIN2, [...get(G), ...get(G), ...(mul as number[])]), set(V)].flat(),
    ...store(2, get(M)),
    ...store(3, get(V)),
    ...store(
      0,
      [load(0), get(DECAY), mul, get(STEP), get(M), mul, get(V), sqrt, get(EPSILON), add, div, sub].flat() as number[],
    ),
    ...[...get(AT), 0x41, 8, 0x6a, 0x22, AT, ...get(0), 0x48, 0x0d, 0, 0x0b], // at += 8; again while at < bytes
    0x0b,
  ] as number[];
  const locals = [2, 1, I32, 9, V128];
  const body = [...locals, ...code];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 7, I32, F64, F64, F64, F64, F64, F64, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name("memory"), 2, 0, ...name("run"), 0, 0]),
    ...section(10, [1, ...uleb(body.length), ...body]),
  ]);
}
