import { createRng } from "@videosafety/random";
import { describe, expect, it } from "vitest";
import { adamWInto, adamWLoop, compileKernel } from "./adamw-kernel.js";

const tensor = (size: number, draw: () => number) => Float32Array.from({ length: size }, draw);
const scalars = {
  step: 1.7e-3,
  epsilon: 3.1e-9,
  decay: 1 - 1e-5,
  gain1: 1 - 0.9,
  gain2: 1 - 0.999,
  gradientScale: 0.37,
};
const bits = (data: Float32Array): Uint32Array => new Uint32Array(data.buffer);

describe("the SIMD update has the bits of the plain loop", () => {
  for (const size of [1, 255, 256, 257, 4095, 4096, 4097, 12_289]) {
    it(`for ${size} elements, three steps`, () => {
      const rng = createRng(size);
      // from denormal to large, zeros and both signs
      const wide = (): number => (rng.integer(20) === 0 ? 0 : rng.normal() * 2 ** (rng.integer(80) - 60));
      const fast = [tensor(size, wide), tensor(size, () => 0), tensor(size, () => 0)] as const;
      const plain = fast.map((x) => x.slice()) as unknown as typeof fast;
      for (let step = 0; step < 3; step++) {
        const g = tensor(size, wide);
        const before = g.slice();
        adamWInto(fast[0], g, fast[1], fast[2], scalars);
        adamWLoop(plain[0], g, plain[1], plain[2], scalars);
        expect(g).toEqual(before);
        for (const i of [0, 1, 2] as const) expect(bits(fast[i])).toEqual(bits(plain[i]));
      }
    });
  }

  it("and runs on this machine (where it does not compile, the loop would be compared with itself)", () => {
    expect(compileKernel()).toBeTruthy();
  });

  it("on views that start and end inside a larger buffer, without touching the rest", () => {
    const rng = createRng(5);
    const all = Array.from({ length: 4 }, () => tensor(6000, () => rng.normal() ** 2));
    const copies = all.map((x) => x.slice());
    const view = (list: readonly Float32Array[], i: number) => (list[i] as Float32Array).subarray(3, 5002);
    adamWInto(view(all, 0), view(all, 1), view(all, 2), view(all, 3), scalars);
    adamWLoop(view(copies, 0), view(copies, 1), view(copies, 2), view(copies, 3), scalars);
    expect(all.map(bits)).toEqual(copies.map(bits));
    expect(all[0]?.[4000]).not.toBe(0);
  });

  it("lets NaN and infinity through as the loop does", () => {
    const g = Float32Array.from({ length: 300 }, (_, i) => [Number.NaN, Number.POSITIVE_INFINITY, 1][i % 3] as number);
    const make = () => [0.5, 0.25, 0.125].map((x) => new Float32Array(300).fill(x)) as Float32Array[];
    const [fast, plain] = [make(), make()];
    for (const [update, [p, m, v]] of [
      [adamWInto, fast],
      [adamWLoop, plain],
    ] as const)
      update(p as Float32Array, g, m as Float32Array, v as Float32Array, scalars);
    expect(fast).toEqual(plain);
    expect(fast[0]?.[0]).toBeNaN();
  });
});
