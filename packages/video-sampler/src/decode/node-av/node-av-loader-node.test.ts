import { afterAll, expect, test } from "vitest";
import { encodeFixture, temporaryFolder } from "../../../test/fixture-video.js";
import { loadNodeAv, supplyPromiseWithResolvers } from "./node-av-loader-node.js";

type WithResolvers = {
  withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void; reject(reason: Error): void };
};
const folder = temporaryFolder();
afterAll(folder.remove);

test("Promise.withResolvers is supplied where it is absent, and behaves", async () => {
  const original = Object.getOwnPropertyDescriptor(Promise, "withResolvers");
  Reflect.deleteProperty(Promise, "withResolvers");
  try {
    supplyPromiseWithResolvers();
    const supplied = Promise as unknown as WithResolvers;
    const first = supplied.withResolvers<number>();
    first.resolve(4);
    expect(await first.promise).toBe(4);
    const second = supplied.withResolvers<number>();
    second.reject(new Error("no"));
    await expect(second.promise).rejects.toThrow("no");
  } finally {
    if (original !== undefined) Object.defineProperty(Promise, "withResolvers", original);
  }
});

test("after loading, node-av's own decoder yields frames (without the polyfill it yields none on Node 20)", async () => {
  const { lib, constants } = await loadNodeAv();
  const { Decoder, Demuxer } = await import("node-av/api");
  const path = await encodeFixture(folder.file("a.mp4"), { frameCount: 8 });
  const input = await Demuxer.open(path);
  const stream = input.video();
  if (stream === undefined) throw new Error("the fixture has no video stream");
  const decoder = await Decoder.create(stream);
  let frames = 0;
  for await (const frame of decoder.frames(input.packets(stream.index))) if (frame !== null) frames++;
  decoder.close();
  await input.close();
  expect(frames).toBe(8);
  expect(lib.Log.getLevel()).toBe(constants.AV_LOG_QUIET);
});
