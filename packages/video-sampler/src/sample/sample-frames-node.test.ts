import { createReadStream, mkdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ffmpegForTests } from "../../test/ffmpeg-for-tests.js";
import { FIXTURES } from "../../test/fixture-table.js";
import { encodeFixture, readFrameNumber, temporaryFolder } from "../../test/fixture-video.js";
import type { SampledVideo } from "../video/sampled-video.js";
import { openVideo, probe, sampleFrames } from "./sample-frames-node.js";

const FRAMES = 60;
const folder = temporaryFolder();
afterAll(folder.remove);

/** The frame numbers that the pictures themselves carry. */
function numbersIn({ frames: { data, dims } }: SampledVideo): number[] {
  const [count, height, width] = dims;
  const size = height * width * 3;
  return Array.from({ length: count }, (_, t) =>
    readFrameNumber(data.subarray(t * size, (t + 1) * size), width, height),
  );
}

describe.each(Object.entries(FIXTURES))("%s", (name, { firstFrame = 0, ...options }) => {
  const path = folder.file(name);
  beforeAll(() => encodeFixture(path, { frameCount: FRAMES, ...options }), 60_000);

  test("uniform frames are the ones named, in presentation order, at their own times", async () => {
    const sampled = await sampleFrames(path, { type: "uniform", frameCount: 9 });
    const indices = sampled.frameInfo.map(({ index }) => index + firstFrame);
    expect(numbersIn(sampled)).toEqual(indices);
    expect(indices[0]).toBe(firstFrame);
    expect(indices[8]).toBe(FRAMES - 1);
    const { tickRate = 15360, pts = (i: number) => i * 512 } = options;
    for (const [t, seconds] of sampled.timestampsSeconds.entries()) {
      if (name.endsWith("h264") || name === "mpeg4-b-frames.avi") continue; // no timestamps stored: a guess by rate
      const expected = (pts(indices[t] as number) - pts(firstFrame)) / tickRate;
      expect(seconds).toBeCloseTo(expected, 2);
    }
  });

  test("any set of frames, jumped to, equals decoding everything", async () => {
    await using video = await openVideo(path);
    const { frameCount } = await video.describe();
    const all = await video.sample({ type: "uniform", frameCount });
    expect(numbersIn(all)).toEqual(Array.from({ length: frameCount }, (_, i) => i + firstFrame));
    const [, height, width] = all.frames.dims;
    const size = height * width * 3;
    const before = all.stats.framesDecoded;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(frameCount - 1), { minLength: 1, maxLength: 6 }), async (indices) => {
        await using fresh = await openVideo(path);
        const some = await fresh.sample({ type: "indices", indices });
        for (const [t, index] of indices.entries()) {
          const expected = all.frames.data.subarray(index * size, (index + 1) * size);
          expect(Buffer.compare(some.frames.data.subarray(t * size, (t + 1) * size), expected)).toBe(0);
        }
      }),
      { numRuns: 12 },
    );
    if (all.warnings.length === 0) expect(before).toBe(frameCount);
  });
});

describe("work", () => {
  test("never decodes more frames than the video has, and fewer when it can jump or skip", async () => {
    const path = folder.file("h264-gop12.mp4");
    for (const frameCount of [1, 2, 5, 20, 60]) {
      const { stats } = await sampleFrames(path, { type: "uniform", frameCount });
      expect(stats.framesDecoded).toBeLessThanOrEqual(FRAMES);
    }
    const { stats } = await sampleFrames(path, { type: "keyframes" });
    expect(stats.framesDecoded).toBeLessThanOrEqual(12);
  });

  test("a stream of frames equals the block, and stopping early frees the decoder for the next plan", async () => {
    await using video = await openVideo(folder.file("h264-vfr.mp4"));
    const plan = { type: "fps", fps: 4 } as const;
    const block = await video.sample(plan);
    const size = 96 * 128 * 3;
    const seen = new Set<number>();
    for await (const { image, info } of video.stream(plan)) {
      const at = block.frameInfo.findIndex(({ index }) => index === info.index);
      expect(Buffer.compare(image, block.frames.data.subarray(at * size, (at + 1) * size))).toBe(0);
      seen.add(info.index);
    }
    expect(seen).toEqual(new Set(block.frameInfo.map(({ index }) => index)));
    for await (const _frame of video.stream(plan)) break;
    expect(numbersIn(await video.sample({ type: "indices", indices: [59, 0] }))).toEqual([59, 0]);
  });
});

test("leaving a stream of frames early ends the ffmpeg program", async () => {
  vi.stubEnv("FFMPEG_BIN", ffmpegForTests);
  await using video = await openVideo(folder.file("h264-gop12.mp4"), { backend: "ffmpeg" });
  vi.unstubAllEnvs();
  // Frames large enough to fill the pipe, so that the program waits for a reader.
  const options = { size: { height: 960, width: 1280 }, resize: "fast" } as const;
  const running = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
  await vi.waitFor(() => expect(running()).toBe(0)); // the one that listed the packets
  for await (const { info } of video.stream({ type: "uniform", frameCount: 60 }, options)) {
    expect(info.index).toBe(0);
    expect(running()).toBe(1);
    break;
  }
  await vi.waitFor(() => expect(running()).toBe(0));
  expect((await video.sample({ type: "indices", indices: [5] })).frameInfo[0]?.index).toBe(5);
});

test("intra refresh: packets that claim to be keyframes are not trusted, and each picture is still exact", async () => {
  const path = folder.file("h264-intra-refresh.mp4");
  const all = await sampleFrames(path, { type: "uniform", frameCount: FRAMES });
  const size = 96 * 128 * 3;
  for (const index of [57, 58, 59]) {
    const { frames, warnings } = await sampleFrames(path, { type: "indices", indices: [index] });
    expect(Buffer.compare(frames.data, all.frames.data.subarray(index * size, (index + 1) * size))).toBe(0);
    expect(warnings).toEqual([]);
  }
});

test("one opened video serves one reader at a time, and says so", async () => {
  await using video = await openVideo(folder.file("h264-gop12.mp4"));
  const first = video.sample({ type: "uniform", frameCount: 60 });
  await expect(video.sample({ type: "uniform", frameCount: 2 })).rejects.toThrow(/open the file a second time/);
  expect((await first).frames.dims[0]).toBe(60);
  expect((await video.sample({ type: "keyframes" })).stats.framesDecoded).toBeLessThan(20);
});

test("one picture per scene", async () => {
  const picture = (luma: number) =>
    Buffer.concat([Buffer.from("FRAME\n"), Buffer.alloc(64 * 48, luma), Buffer.alloc(64 * 24, 128)]);
  const scenes = [30, 200, 90].flatMap((luma) => Array.from({ length: 10 }, () => picture(luma)));
  const video = Buffer.concat([Buffer.from("YUV4MPEG2 W64 H48 F10:1 C420jpeg\n"), ...scenes]);
  const { frameInfo } = await sampleFrames(video, { type: "scene", probeFps: 10 });
  expect(frameInfo.map(({ index }) => index)).toEqual([5, 15, 25]);
});

describe("sources", () => {
  const path = folder.file("h264-gop12.mp4");
  const plan = { type: "uniform", frameCount: 3 } as const;

  test("bytes, Blob, stream and file URL give what the path gives", async () => {
    const expected = await sampleFrames(path, plan);
    const bytes = readFileSync(path);
    for (const source of [
      bytes,
      new Blob([bytes]),
      createReadStream(path),
      new URL(`file://${path}`),
      `file://${path}`,
    ]) {
      const sampled = await sampleFrames(source, plan);
      expect(Buffer.compare(sampled.frames.data, expected.frames.data)).toBe(0);
    }
  });

  test("a folder of images is a video of three frames per second, sorted by number", async () => {
    const images = folder.file("images");
    mkdirSync(images);
    for (const number of [1, 2, 10]) {
      const still = { encoder: "mjpeg", bFrames: 0, pixelFormat: "yuvj420p", muxer: "image2", gop: 1 };
      await encodeFixture(`${images}/${number}.jpg`, {
        ...still,
        frameCount: 1,
        width: 64 + number * 8,
        height: 64,
        ...at(3),
        formatOptions: { update: "1" },
      });
    }
    const sampled = await sampleFrames(images, { type: "uniform", frameCount: 3 });
    expect(sampled.info).toMatchObject({ container: "image-folder", width: 72, height: 64, averageFrameRate: 3 });
    expect([...sampled.timestampsSeconds]).toEqual([0, 1 / 3, 2 / 3]);
    expect(sampled.frames.dims).toEqual([3, 64, 72, 3]);
  });
});

function at(tickRate: number) {
  return { tickRate, pts: (i: number) => i };
}

describe("options", () => {
  test("resizing frame by frame: a fixed size, a model's rule, a function", async () => {
    const path = folder.file("h264-gop12.mp4");
    const plan = { type: "uniform", frameCount: 2 } as const;
    const dims = async (size: object) => (await sampleFrames(path, plan, { size: size as never })).frames.dims;
    expect(await dims({ height: 30, width: 50 })).toEqual([2, 30, 50, 3]);
    expect(await dims({ model: "videollama3" })).toEqual([2, 112, 140, 3]);
    expect(
      await dims(({ frameCount, height }: { frameCount: number; height: number }) => ({ height, width: frameCount })),
    ).toEqual([2, 96, 2, 3]);
  });

  test("the fast resize is close to Pillow's", async () => {
    const path = folder.file("h264-gop12.mp4");
    const plan = { type: "uniform", frameCount: 2 } as const;
    const size = { height: 56, width: 84 };
    const exact = await sampleFrames(path, plan, { size });
    const fast = await sampleFrames(path, plan, { size, resize: "fast" });
    let sum = 0;
    for (const [i, byte] of exact.frames.data.entries()) sum += Math.abs(byte - (fast.frames.data[i] as number));
    expect(sum / exact.frames.data.length).toBeLessThan(1);
    expect(sum).toBeGreaterThan(0);
  });

  test("square pixels stretch the stored width", async () => {
    const path = await encodeFixture(folder.file("anamorphic.mp4"), {
      frameCount: 3,
      sampleAspectRatio: { num: 4, den: 3 },
    });
    const stored = await sampleFrames(path, { type: "uniform", frameCount: 1 });
    const shown = await sampleFrames(path, { type: "uniform", frameCount: 1 }, { squarePixels: true });
    expect(stored.frames.dims).toEqual([1, 96, 128, 3]);
    expect(shown.frames.dims).toEqual([1, 96, 171, 3]);
  });

  test("HDR warns, and tone mapping changes the picture and stops the warning", async () => {
    const color = { space: 9, range: 1, transfer: 16 };
    const path = await encodeFixture(folder.file("hdr.mp4"), {
      frameCount: 4,
      encoder: "libx265",
      encoderOptions: { preset: "ultrafast", "x265-params": "log-level=none:colorprim=9:transfer=16:colormatrix=9" },
      pixelFormat: "yuv420p10le",
      color,
    });
    const plan = { type: "uniform", frameCount: 1 } as const;
    const plain = await sampleFrames(path, plan);
    const mapped = await sampleFrames(path, plan, { toneMap: true });
    expect(plain.info).toMatchObject({ colorTransfer: "smpte2084", colorMatrix: "bt2020nc", highDynamicRange: true });
    expect(plain.warnings.map(({ code }) => code)).toEqual(["HIGH_DYNAMIC_RANGE"]);
    expect(mapped.warnings).toEqual([]);
    expect(Buffer.compare(plain.frames.data, mapped.frames.data)).not.toBe(0);
  });

  test("progress, abort and time-out", async () => {
    const path = folder.file("h264-gop12.mp4");
    const seen: number[] = [];
    await sampleFrames(
      path,
      { type: "uniform", frameCount: 4 },
      { onProgress: ({ framesDone }) => seen.push(framesDone) },
    );
    expect(seen).toEqual([1, 2, 3, 4]);
    const controller = new AbortController();
    const stopping = sampleFrames(
      path,
      { type: "uniform", frameCount: 60 },
      {
        signal: controller.signal,
        onProgress: () => controller.abort(new Error("enough")),
      },
    );
    await expect(stopping).rejects.toThrow("enough");
    await expect(sampleFrames(path, { type: "uniform", frameCount: 60 }, { timeoutMs: 1e-6 })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
  });
});

test("probe counts frames and sees a variable frame rate", async () => {
  expect(await probe(folder.file("h264-gop12.mp4"))).toMatchObject({
    codec: "h264",
    frameCount: 60,
    keyframeCount: 5,
    durationSeconds: 2,
    variableFrameRate: false,
    averageFrameRate: 30,
  });
  expect(await probe(folder.file("h264-vfr.mp4"))).toMatchObject({ variableFrameRate: true });
  expect(await probe(folder.file("h264-rot90.mp4"))).toMatchObject({
    width: 96,
    height: 128,
    codedWidth: 128,
    rotationDegrees: 90,
  });
});
