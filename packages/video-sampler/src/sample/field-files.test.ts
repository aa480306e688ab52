import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ffmpegForTests } from "../../test/ffmpeg-for-tests.js";
import { encodeFixture, temporaryFolder } from "../../test/fixture-video.js";
import { numbersIn } from "../../test/numbers-in.js";
import type { SamplePlan } from "../plan/sample-plan.js";
import { probe, sampleFrames } from "./sample-frames-node.js";

// What was found wrong on files from the field, each made here by a recipe, with the right values.
const folder = temporaryFolder();
beforeAll(() => vi.stubEnv("FFMPEG_BIN", ffmpegForTests));
afterAll(() => {
  vi.unstubAllEnvs();
  folder.remove();
});
const written = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(folder.file(name), bytes);
  return folder.file(name);
};
const codes = (warnings: readonly { code: string }[]) => warnings.map(({ code }) => code);
const still = { encoder: "mjpeg", bFrames: 0, pixelFormat: "yuvj420p", muxer: "image2", gop: 1, frameCount: 1 };
const image = (path: string) => encodeFixture(path, { ...still, formatOptions: { update: "1" } });

describe.each(["node-av", "ffmpeg"] as const)("%s", (backend) => {
  const sample = (path: string, plan: SamplePlan, options = {}) => sampleFrames(path, plan, { backend, ...options });

  test("colours that only the container names are used: detected as HDR, converted alike, tone-mapped on request", async () => {
    const hevc = {
      encoder: "libx265",
      pixelFormat: "yuv420p10le",
      frameCount: 4,
      color: { space: 9, range: 1, transfer: 16, primaries: 9 },
    };
    const silent = "log-level=none:colorprim=2:transfer=2:colormatrix=2";
    const saying = "log-level=none:colorprim=9:transfer=16:colormatrix=9";
    for (const [extension, tickRate] of [
      ["mp4", 15360],
      ["mkv", 1000],
    ] as const) {
      const encode = (name: string, params: string) =>
        encodeFixture(folder.file(`${name}.${extension}`), {
          ...hevc,
          tickRate,
          pts: (i) => Math.round((i * tickRate) / 30),
          encoderOptions: { preset: "ultrafast", "x265-params": params },
        });
      const [only, both] = [await encode("container-only", silent), await encode("both", saying)];
      const plan = { type: "uniform", frameCount: 2 } as const;
      const found = await sample(only, plan);
      expect(found.info).toMatchObject({
        colorMatrix: "bt2020nc",
        colorPrimaries: "bt2020",
        colorTransfer: "smpte2084",
        highDynamicRange: true,
      });
      expect(codes(found.warnings)).toEqual(["HIGH_DYNAMIC_RANGE"]);
      expect(Buffer.compare(found.frames.data, (await sample(both, plan)).frames.data)).toBe(0);
      // The build of 2018 has no zscale filter; everything newer maps tones.
      const mapped = await sample(only, plan, { toneMap: true }).catch((error: { code?: string }) => error.code);
      if (typeof mapped === "object") expect(mapped.warnings).toEqual([]);
      else expect([backend, mapped]).toEqual(["ffmpeg", "DECODER_MISSING"]);
    }
  });

  test("the true frame rate decides how many frames a model gets", async () => {
    const ntsc = await encodeFixture(folder.file("ntsc.mp4"), {
      frameCount: 1007,
      width: 32,
      height: 32,
      tickRate: 24000,
      pts: (i) => i * 1001,
      gop: 60,
    });
    expect((await sample(ntsc, { type: "qwen2.5-vl", fps: 2 }, { size: { height: 8, width: 8 } })).frames.dims[0]).toBe(
      84,
    );
    expect((await probe(ntsc, { backend })).frameRate).toBeCloseTo(24000 / 1001, 9);
    // 60 frames in 5.05 s where the header says 30 per second.
    const vfr = await encodeFixture(folder.file("vfr.webm"), {
      frameCount: 60,
      encoder: "libvpx",
      encoderOptions: { deadline: "realtime", "cpu-used": "8" },
      bFrames: 0,
      tickRate: 1000,
      pts: (i) => i * 85,
    });
    const sampled = await sample(vfr, { type: "qwen2.5-vl", fps: 2 });
    expect(sampled.frames.dims[0]).toBe(10);
    expect(codes(sampled.warnings)).toEqual(["FRAME_RATE_CORRECTED"]);
    expect(sampled.sampledFrameRate).toBeCloseTo(2, 1);
  });

  test("thousands of frames by one plan", async () => {
    const long = await encodeFixture(folder.file("long.mkv"), {
      frameCount: 7000,
      width: 32,
      height: 32,
      encoder: "mpeg4",
      bFrames: 0,
      gop: 100,
      tickRate: 1000,
      pts: (i) => i * 40,
    });
    const sampled = await sample(long, { type: "fps", fps: 25 }, { size: { height: 32, width: 32 } });
    expect(sampled.frames.dims[0]).toBe(7000);
    expect(
      [0, 4321, 6999].map(
        (t) =>
          numbersIn({
            frames: { data: sampled.frames.data.subarray(t * 3072, (t + 1) * 3072), dims: [1, 32, 32, 3] },
          })[0],
      ),
    ).toEqual([0, 4321, 6999]);
  });

  test("a plan that chooses nothing is an error that says so", async () => {
    const whole = await encodeFixture(folder.file("whole.mp4"), { frameCount: 40, gop: 30, bFrames: 0 });
    const cut = folder.file("cut.mkv"); // from 0.2 s on without its keyframe
    const copy = ["-v", "error", "-y", "-i", whole, "-ss", "0.2", "-c", "copy", "-copyinkf", "-to", "0.8", cut];
    execFileSync(ffmpegForTests, copy, { stdio: "ignore" });
    await expect(sample(cut, { type: "keyframes" })).rejects.toMatchObject({
      code: expect.stringMatching(/INVALID_PLAN|DECODE_FAILED/),
    });
    await expect(sample(whole, { type: "keyframes", startSeconds: 0.2, endSeconds: 0.5 })).rejects.toThrow(
      /chooses none of the 40 frames/,
    );
  });

  test("an image folder: hidden and sidecar files are no images", async () => {
    const images = folder.file(`images-${backend}`);
    mkdirSync(`${images}/sub.jpg`, { recursive: true });
    for (const name of ["1.jpg", "2.jpg", "10.jpg"]) await image(`${images}/${name}`);
    for (const name of ["._1.jpg", ".hidden.png", "Thumbs.db", "1.jpg.json", "notes.txt"])
      writeFileSync(`${images}/${name}`, "no image");
    const sampled = await sample(images, { type: "uniform", frameCount: 3 });
    expect([sampled.frames.dims[0], codes(sampled.warnings)]).toEqual([3, []]);
    writeFileSync(`${images}/0.jpg`, "damaged"); // the first by number
    const others = await sample(images, { type: "uniform", frameCount: 3 });
    expect([others.frames.dims[0], codes(others.warnings)]).toEqual([3, ["REINDEXED"]]);
  });

  test("the environment changes nothing", async () => {
    const path = await encodeFixture(folder.file("plain.mp4"), { frameCount: 12 });
    const report = folder.file("report.log");
    for (const [name, value] of [
      ["AV_LOG_FORCE_COLOR", "1"],
      ["FFREPORT", `file=${report}`],
      ["LC_ALL", "de_DE.UTF-8"],
    ] as const)
      vi.stubEnv(name, value);
    try {
      const sampled = await sample(path, { type: "indices", indices: [11, 4] });
      expect(numbersIn(sampled)).toEqual([11, 4]);
      expect(() => readFileSync(report)).toThrow(/ENOENT/);
    } finally {
      vi.unstubAllEnvs();
      vi.stubEnv("FFMPEG_BIN", ffmpegForTests);
    }
  });

  test("formats that are not read are named, and no payload is repeated", async () => {
    const webp = Buffer.concat([
      Buffer.from("RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0", "latin1"),
      Buffer.from([2, 0, 0, 0]),
      Buffer.alloc(60),
    ]);
    const heic = Buffer.concat([Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1"), Buffer.alloc(200)]);
    const message = (source: string | Uint8Array) =>
      sampleFrames(source, { type: "uniform", frameCount: 1 }, { backend }).then(
        () => "sampled",
        (error: Error) => error.message,
      );
    expect(await message(written("a.webp", webp))).toMatch(/animated WebP/);
    expect(await message(heic)).toMatch(/HEIC image/);
    expect(await message(written("login.mp4", "<!DOCTYPE html><html><body>Sign in</body></html>"))).toMatch(
      /HTML page/,
    );
    expect(await message(written("list.m3u8", "#EXTM3U\n#EXTINF:9,\na.ts\n"))).toMatch(/HLS playlist/);
    const data = await message(`data:video/mp4;base64,${"QUJD".repeat(3000)}`);
    expect(data).toMatch(/data: URL/);
    expect(data).not.toMatch(/QUJD/);
    expect((await message("x".repeat(5000))).length).toBeLessThan(500);
    expect(await message(written("cut.mp4", readFileSync(folder.file("ntsc.mp4")).subarray(0, 3000)))).not.toMatch(
      /Last message repeated/,
    );
  });

  test("misspelt options are errors with a suggestion, before any file is touched", async () => {
    const fails = (plan: unknown, options: unknown) =>
      sampleFrames("absent.mp4", plan as SamplePlan, options as object);
    const uniform = { type: "uniform", frameCount: 2 };
    await expect(fails(uniform, { sise: 1 })).rejects.toThrow(/"size" \(for "sise"\)/);
    await expect(fails(uniform, { backend: "ffmpg" })).rejects.toThrow(/"ffmpeg" \(for "ffmpg"\)/);
    await expect(fails(uniform, { limits: { maxPixel: 9 } })).rejects.toThrow(/"maxPixels" \(for "maxPixel"\)/);
    await expect(fails(uniform, { size: { model: "qwen2.5-vl", minPixel: 4 } })).rejects.toMatchObject({
      code: "INVALID_PLAN",
    });
    await expect(fails({ type: "unifrom", frameCount: 2 }, {})).rejects.toThrow(/"uniform" \(for "unifrom"\)/);
    await expect(fails({ type: "fps", fsp: 2, fps: 1 }, {})).rejects.toThrow(/"fps" \(for "fsp"\)|fsp/);
    await expect(fails(undefined, {})).rejects.toMatchObject({ code: "INVALID_PLAN" });
    await expect(fails(uniform, null)).rejects.toMatchObject({ code: "INVALID_PLAN" });
  });
});

test("every form of source that is none is a typed error", async () => {
  const fails = async (source: unknown) =>
    sampleFrames(source as string, { type: "uniform", frameCount: 1 }).then(
      () => "sampled",
      (error: { code?: string }) => error.code,
    );
  for (const source of [
    "http://",
    "https://[::1",
    "file://evil/x.mp4",
    "rtsp://camera/1",
    "ftp://host/a.mp4",
    "data:,x",
    "blob:x",
    "",
    new URL("s3://bucket/a"),
    null,
    undefined,
    5,
    {},
  ])
    expect([source, await fails(source)]).toEqual([source, "INVALID_SOURCE"]);
  async function* words() {
    yield "not bytes";
  }
  async function* failing() {
    yield new Uint8Array(9);
    throw new Error("the disk is gone");
  }
  expect(await fails(words())).toBe("INVALID_SOURCE");
  expect(await fails(failing())).toBe("NOT_FOUND");
  expect(await fails((async function* () {})())).toBe("NOT_MEDIA");
  expect(await fails("with\0null.mp4")).toBe("NOT_FOUND");
  if (process.platform === "linux") {
    symlinkSync("/dev/zero", folder.file("zero.mp4"));
    expect(await fails(folder.file("zero.mp4"))).toBe("NOT_MEDIA");
    expect(await fails("/dev/zero")).toBe("NOT_MEDIA");
  }
});
