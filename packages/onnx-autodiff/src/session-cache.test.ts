import { expect, it } from "vitest";
import { bucketOf, createSession, Graph, mul, type Session, SessionCache, ShapeError } from "./index.js";

const build = (size: number): Promise<Session> => {
  const graph = new Graph();
  graph.output("y", mul(graph.input("x", "float32", [size]), 2));
  return createSession(graph);
};

it("picks the smallest bucket that fits", () => {
  expect(bucketOf(5, [32, 8, 16])).toBe(8);
  expect(bucketOf(8, [8, 16])).toBe(8);
  expect(() => bucketOf(17, [8, 16])).toThrow(ShapeError);
});

it("builds a key once, disposes the least recently used, and forgets failures", async () => {
  const cache = new SessionCache(2);
  let builds = 0;
  const get = (size: number): Promise<Session> =>
    cache.get(String(size), () => {
      builds++;
      return build(size);
    });
  const [a, same] = await Promise.all([get(1), get(1)]);
  expect(same).toBe(a);
  const b = await get(2);
  await get(1);
  await get(3); // drops 2
  expect([builds, cache.size]).toEqual([3, 2]);
  await expect(b.run({ x: new Float32Array(2) })).rejects.toThrow("disposed");
  await expect(a.run({ x: Float32Array.of(4) })).resolves.toBeDefined();
  await expect(cache.get("bad", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(cache.get("bad", () => build(4))).resolves.toBeDefined();
  await cache.dispose();
  await expect(a.run({ x: new Float32Array(1) })).rejects.toThrow("disposed");
});
