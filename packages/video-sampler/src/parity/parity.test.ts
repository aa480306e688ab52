import { expect, test } from "vitest";
import { pattern } from "../../test/pattern.js";
import { compareFingerprints, readFingerprint } from "./compare-fingerprints.js";
import { fingerprint } from "./fingerprint.js";

const video = { frames: pattern(3, 20, 30, 5), timestampsSeconds: [0, 0.5, 1], sampledFrameRate: 2 };
const extras = {
  tensors: { pixel_values: { data: Float32Array.from({ length: 900 }, (_, i) => Math.sin(i)), dims: [30, 30] } },
  promptIds: [1, 2, 3],
};
const differing = async (other: object, change: object = {}, tolerances = {}) => {
  const [a, b] = [
    await fingerprint(video, extras),
    await fingerprint({ ...video, ...other }, { ...extras, ...change }),
  ];
  return compareFingerprints(a, b, tolerances).map(({ what }) => what);
};

test("the same is equal, after a journey through JSON as well", async () => {
  const one = await fingerprint(video, extras);
  expect(compareFingerprints(one, readFingerprint(JSON.parse(JSON.stringify(one)), "one"))).toEqual([]);
  expect(one.pixelsSha256[0]).toHaveLength(64);
});

test("what differs is named, and nothing else", async () => {
  const byte = Uint8Array.from(video.frames.data);
  byte[2000] = (byte[2000] as number) ^ 1;
  const oneByte = { frames: { ...video.frames, data: byte } };
  expect(await differing(oneByte)).toEqual(["pixels"]);
  expect(await differing(oneByte, {}, { greyLevels: 0.5 })).toEqual([]);
  expect(await differing({ frames: pattern(3, 20, 30, 6) }, {}, { greyLevels: 0.5 })).toEqual(["pixels"]);
  expect(await differing({ timestampsSeconds: [0, 0.5, 1.1] })).toEqual(["times"]);
  expect(await differing({ timestampsSeconds: [0, 0.5, 1.1] }, {}, { seconds: 0.2 })).toEqual([]);
  expect(await differing({ sampledFrameRate: 1 })).toEqual(["sampledFrameRate"]);
  expect(await differing({ frames: pattern(2, 20, 30, 5), timestampsSeconds: [0, 0.5] })).toContain("frames");
  expect(await differing({}, { promptIds: [1, 2] })).toEqual(["promptIds"]);
  expect(await differing({}, { promptIds: undefined })).toEqual(["promptIds"]);
  expect(await differing({}, { tensors: {} })).toEqual(["tensor pixel_values"]);
  const data = Float32Array.from({ length: 900 }, (_, i) => Math.sin(i) + 1e-3);
  expect(await differing({}, { tensors: { pixel_values: { data, dims: [30, 30] } } })).toEqual(["tensor pixel_values"]);
  expect(await differing({}, { tensors: { pixel_values: { data, dims: [900] } } })).toEqual(["tensor pixel_values"]);
});

test("a file that is none is refused", async () => {
  expect(() => readFingerprint({ format: "video-fingerprint/2" }, "b.json")).toThrow(/b.json is no fingerprint/);
  const one = await fingerprint(video);
  expect(() => readFingerprint({ ...one, timesSeconds: [0] }, "b.json")).toThrow(/one per frame/);
  await expect(fingerprint({ ...video, timestampsSeconds: [0] })).rejects.toThrow(/one time per frame/);
});
