import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeFixture, temporaryFolder } from "../../test/fixture-video.js";
import { VideoSamplerError } from "../errors.js";
import type { VideoSource } from "../source/video-source.js";
import { openVideo, sampleFrames } from "./sample-frames-node.js";

const folder = temporaryFolder();
const good = folder.file("good.mp4");
const plan = { type: "uniform", frameCount: 4 } as const;
const failure = (source: VideoSource, options = {}) =>
  sampleFrames(source, plan, options).then(
    () => "sampled",
    (error: unknown) => (error instanceof VideoSamplerError ? error.code : error),
  );
const written = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(folder.file(name), bytes);
  return folder.file(name);
};
let bytes: Buffer;
beforeAll(async () => {
  await encodeFixture(good, { frameCount: 60 });
  bytes = readFileSync(good);
});
afterAll(folder.remove);

describe("what is no video gives a typed error with a next step", () => {
  test("missing, a directory without images, empty", async () => {
    expect(await failure(folder.file("absent.mp4"))).toBe("NOT_FOUND");
    mkdirSync(folder.file("nothing"));
    expect(await failure(folder.file("nothing"))).toBe("NOT_MEDIA");
    expect(await failure(written("empty.mp4", ""))).toBe("NOT_MEDIA");
    expect(await failure(new Uint8Array(0))).toBe("NOT_MEDIA");
    await expect(sampleFrames(folder.file("absent.mp4"), plan)).rejects.toThrow(/Check the path/);
  });

  test("text, random bytes, a device", async () => {
    expect(await failure(written("text.mp4", "not a video at all\n".repeat(99)))).toBe("NOT_MEDIA");
    expect(await failure(written("zeros.mp4", new Uint8Array(5000)))).toBe("NOT_MEDIA");
    expect(await failure("/dev/null")).toBe("NOT_MEDIA");
  });

  test("playlists that name other files are refused", async () => {
    const hls = `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${good}\n#EXT-X-ENDLIST\n`;
    expect(await failure(written("list.m3u8", hls))).toBe("NOT_MEDIA");
    expect(await failure(written("list.mp4", hls))).toBe("NOT_MEDIA");
    expect(await failure(written("list.ffconcat", `ffconcat version 1.0\nfile '${good}'\n`))).toBe("NOT_MEDIA");
  });

  test("sound only", async () => {
    const path = folder.file("sound.wav");
    const header = Buffer.alloc(44);
    header.write("RIFF", 0);
    header.writeUInt32LE(36 + 8000, 4);
    header.write("WAVEfmt ", 8);
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(1, 20);
    header.writeUInt16LE(1, 22);
    header.writeUInt32LE(8000, 24);
    header.writeUInt32LE(8000, 28);
    header.writeUInt16LE(1, 32);
    header.writeUInt16LE(8, 34);
    header.write("data", 36);
    header.writeUInt32LE(8000, 40);
    writeFileSync(path, Buffer.concat([header, Buffer.alloc(8000, 128)]));
    expect(await failure(path)).toBe("NO_VIDEO_STREAM");
  });

  test("cover art is no video", async () => {
    // An MP3 whose ID3 tag holds a JPEG, and nothing but silence after it.
    const jpeg = folder.file("cover.jpg");
    await encodeFixture(jpeg, {
      encoder: "mjpeg",
      bFrames: 0,
      pixelFormat: "yuvj420p",
      muxer: "image2",
      frameCount: 1,
      formatOptions: { update: "1" },
    });
    const picture = Buffer.concat([Buffer.from("\0image/jpeg\0\x03\0", "latin1"), readFileSync(jpeg)]);
    const size = (n: number) => Buffer.from([(n >> 21) & 127, (n >> 14) & 127, (n >> 7) & 127, n & 127]);
    const frame = Buffer.concat([Buffer.from("APIC"), size(picture.length), Buffer.from([0, 0]), picture]);
    const tag = Buffer.concat([Buffer.from("ID3\x04\0\0", "latin1"), size(frame.length), frame]);
    const silence = Buffer.concat(
      Array.from({ length: 40 }, () => Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)])),
    );
    expect(await failure(written("cover.mp3", Buffer.concat([tag, silence])))).toBe("NO_VIDEO_STREAM");
  });

  test("an MP4 cut before its index", async () => {
    expect(await failure(written("cut.mp4", bytes.subarray(0, bytes.length >> 1)))).toBe("TRUNCATED");
  });

  test("bad plans and options fail before the file is touched", async () => {
    const bad = (value: object) => sampleFrames("absent.mp4", value as never);
    await expect(bad({ type: "uniform" })).rejects.toMatchObject({ code: "INVALID_PLAN" });
    await expect(bad({ type: "uniform", frameCount: 0 })).rejects.toThrow(/frameCount/);
    await expect(bad({ type: "fps", fps: 1, fsp: 2 })).rejects.toThrow(/fsp/);
    await expect(bad({ type: "fps", fps: 1, startSeconds: 2, endSeconds: 1 })).rejects.toThrow(
      /greater than startSeconds/,
    );
    await expect(sampleFrames(good, { type: "indices", indices: [60] })).rejects.toThrow(/frames 0 to 59/);
    await expect(sampleFrames(good, { type: "timestamps", timestampsSeconds: [3] })).rejects.toThrow(/ends at 2.000 s/);
    await expect(sampleFrames(good, { ...plan, startSeconds: 9 })).rejects.toThrow(/No frame lies within/);
  });

  test("limits", async () => {
    expect(await failure(good, { limits: { maxPixels: 1000 } })).toBe("LIMIT_EXCEEDED");
    expect(await failure(good, { limits: { maxOutputBytes: 1000 } })).toBe("LIMIT_EXCEEDED");
    expect(await failure(bytes, { limits: { maxSourceBytes: 1000 } })).toBe("LIMIT_EXCEEDED");
  });
});

describe("damage gives the frames that are good", () => {
  test("a tail that is gone is said so, and the rest is sampled", async () => {
    const fast = await encodeFixture(folder.file("fast.mp4"), {
      frameCount: 120,
      formatOptions: { movflags: "faststart" },
    });
    const cut = readFileSync(fast);
    const sampled = await sampleFrames(written("tail.mp4", cut.subarray(0, Math.round(cut.length * 0.6))), plan);
    expect(sampled.warnings.map(({ code }) => code)).toContain("TRUNCATED_TAIL");
    expect(sampled.frames.dims[0]).toBe(4);
    expect(sampled.frameInfo.at(-1)?.index).toBeLessThan(110);
  });

  test("a frame that looks otherwise when jumped to is warned about, even if only its neighbours are flagged", async () => {
    const original = readFileSync(
      await encodeFixture(folder.file("gop12.ts"), { frameCount: 60, tickRate: 90000, pts: (i) => i * 3000 }),
    );
    for (let at = original.length >> 2; at < original.length; at += 1500)
      original[at] = (original[at] as number) ^ 0x55;
    const path = written("hurt.ts", original);
    const all = await sampleFrames(path, { type: "uniform", frameCount: 60 });
    const size = 96 * 128 * 3;
    let differing = 0;
    for (let index = 0; index < all.frameInfo.length; index += 4) {
      const { frames, warnings } = await sampleFrames(path, { type: "indices", indices: [index] });
      if (Buffer.compare(frames.data, all.frames.data.subarray(index * size, (index + 1) * size)) === 0) continue;
      differing++;
      expect(warnings.map(({ code }) => code)).toContain("DAMAGED_FRAMES");
    }
    expect(all.warnings.length + differing).toBeGreaterThan(0);
  });

  test("flipped bytes never crash, hang or give untyped errors", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const damaged = Buffer.from(bytes);
      for (let i = 0; i < 20; i++)
        damaged[(seed * 7919 + i * 104729 + i * i * seed) % damaged.length] = (seed * 31 + i * 17) & 255;
      const outcome = await failure(written("flipped.mp4", damaged), { timeoutMs: 20_000 });
      expect([
        "sampled",
        "TRUNCATED",
        "NOT_MEDIA",
        "NO_VIDEO_STREAM",
        "DECODE_FAILED",
        "DECODER_MISSING",
        "LIMIT_EXCEEDED",
      ]).toContain(outcome);
    }
  });
});

describe("URLs", () => {
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const to = (location: string) => response.writeHead(302, { location }).end();
      if (request.url === "/good.mp4") response.end(bytes);
      else if (request.url === "/moved") to("/good.mp4");
      else if (request.url === "/loop") to("/loop");
      else if (request.url === "/local") to(`file://${good}`);
      else response.writeHead(404).end("no");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("http is sampled, redirects followed within bounds and never out of http", async () => {
    const expected = await sampleFrames(good, plan);
    const sampled = await sampleFrames(`${origin}/moved`, plan);
    expect(Buffer.compare(sampled.frames.data, expected.frames.data)).toBe(0);
    expect(await failure(`${origin}/loop`)).toBe("LIMIT_EXCEEDED");
    expect(await failure(`${origin}/local`)).toBe("INVALID_SOURCE");
    expect(await failure(`${origin}/absent`)).toBe("NOT_FOUND");
    expect(await failure(`${origin}/good.mp4`, { limits: { maxSourceBytes: 99 } })).toBe("LIMIT_EXCEEDED");
    expect(await failure(new URL("ftp://127.0.0.1/x.mp4"))).toBe("INVALID_SOURCE");
  });
});

test("opening and closing many times leaves nothing open", async () => {
  const { readdirSync } = await import("node:fs");
  const handles = () => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0);
  await (await openVideo(good)).close();
  const before = handles();
  for (let i = 0; i < 50; i++) await (await openVideo(good)).close();
  expect(handles()).toBeLessThanOrEqual(before + 1);
});
