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

it("a session evicted while calls use it is disposed when the last is done", async () => {
  const cache = new SessionCache(1);
  const gate = { open: () => {} };
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve;
  });
  const use = (size: number, wait?: Promise<void>) =>
    cache.use(
      String(size),
      () => build(size),
      async (session) => {
        await wait; // meanwhile another key takes the only place
        const { y } = await session.run({ x: new Float32Array(size).fill(3) });
        return { session, y: Array.from(y?.data as Float32Array) };
      },
    );
  const first = use(1, opened);
  expect((await use(2)).y).toEqual([6, 6]);
  gate.open();
  const { session, y } = await first;
  expect(y).toEqual([6]);
  await expect(session.run({ x: new Float32Array(1) })).rejects.toThrow("disposed");
  const sizes = Array.from({ length: 24 }, (_, i) => 1 + (i % 4));
  const results = await Promise.all(sizes.map((size, i) => use(size, new Promise((go) => setTimeout(go, i % 5)))));
  expect(results.map((r) => r.y.length)).toEqual(sizes);
  await cache.dispose();
});
