import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeFixture, temporaryFolder } from "../../test/fixture-video.js";
import { SamplerProcess } from "./isolated/sampler-process-node.js";
import { sampleFrames } from "./sample-frames-node.js";
import { sampleMany } from "./sample-many-node.js";

const folder = temporaryFolder();
const good = folder.file("good.mp4");
const bad = folder.file("bad.mp4");
const plan = { type: "uniform", frameCount: 4 } as const;
beforeAll(async () => {
  await encodeFixture(good, { frameCount: 30 });
  writeFileSync(bad, readFileSync(good).subarray(0, 3000));
});
afterAll(folder.remove);

test("isolated sampling gives the same bytes, typed errors and progress", { timeout: 60_000 }, async () => {
  const expected = await sampleFrames(good, plan);
  const seen: number[] = [];
  const sampled = await sampleFrames(good, plan, {
    isolate: true,
    onProgress: ({ framesDone }) => seen.push(framesDone),
  });
  expect(Buffer.compare(sampled.frames.data, expected.frames.data)).toBe(0);
  expect(sampled.frameInfo).toEqual(expected.frameInfo);
  expect(seen).toEqual([1, 2, 3, 4]);
  await expect(sampleFrames(bad, plan, { isolate: true })).rejects.toMatchObject({
    code: "TRUNCATED",
    name: "TruncatedError",
  });
  const sized = sampleFrames(good, plan, { isolate: true, size: () => ({ height: 2, width: 2 }) });
  await expect(sized).rejects.toMatchObject({ code: "INVALID_PLAN" });
});

test("a killed child is an error here, and the next job gets a new one", { timeout: 60_000 }, async () => {
  const child = new SamplerProcess();
  await child.sample(good, plan, {});
  const first = child.pid as number;
  const dying = child.sample(
    good,
    { type: "uniform", frameCount: 30 },
    { onProgress: () => process.kill(first, "SIGKILL") },
  );
  await expect(dying).rejects.toMatchObject({ code: "ISOLATE_FAILED" });
  expect((await child.sample(good, plan, {})).frames.dims[0]).toBe(4);
  expect(child.pid).not.toBe(first);
  child.kill();
});

test("many videos: every source has one outcome, errors do not stop the rest, sources are pulled lazily", {
  timeout: 60_000,
}, async () => {
  let pulled = 0;
  function* sources() {
    for (const source of [good, bad, good, folder.file("absent.mp4"), good, good]) {
      pulled++;
      yield source;
    }
  }
  const outcomes = new Map<number, string>();
  let first = true;
  for await (const item of sampleMany(sources(), plan, { concurrency: 2, maxBufferedBytes: 1 })) {
    if (first) expect(pulled).toBeLessThanOrEqual(3);
    first = false;
    outcomes.set(
      item.index,
      "error" in item ? ((item.error as { code?: string }).code ?? "?") : `${item.video.frames.dims[0]}`,
    );
  }
  expect([...outcomes].sort(([a], [b]) => a - b).map(([, outcome]) => outcome)).toEqual([
    "4",
    "TRUNCATED",
    "4",
    "NOT_FOUND",
    "4",
    "4",
  ]);
});

test("a list that fails gives what was pulled before, then its error", { timeout: 60_000 }, async () => {
  async function* sources() {
    yield good;
    throw new Error("the queue is gone");
  }
  const seen: number[] = [];
  const run = async () => {
    for await (const { index } of sampleMany(sources(), plan, { concurrency: 2 })) seen.push(index);
  };
  await expect(run()).rejects.toThrow("the queue is gone");
  expect(seen).toEqual([0]);
});

test("leaving the loop early ends the children", { timeout: 60_000 }, async () => {
  for await (const item of sampleMany([good, good, good], plan, { concurrency: 1 })) {
    expect("video" in item).toBe(true);
    break;
  }
});
