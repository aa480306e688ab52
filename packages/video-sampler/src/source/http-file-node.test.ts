import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ffmpegForTests } from "../../test/ffmpeg-for-tests.js";
import { encodeFixture, type FixtureOptions, temporaryFolder } from "../../test/fixture-video.js";
import { answerRange, type RangeServer, rangeServer, type Served } from "../../test/range-server.js";
import { VideoSamplerError } from "../errors.js";
import type { SamplePlan } from "../plan/sample-plan.js";
import { openVideo, probe, sampleFrames } from "../sample/sample-frames-node.js";
import { sampleMany } from "../sample/sample-many-node.js";

const folder = temporaryFolder();
const plan = { type: "uniform", frameCount: 4 } as const;
let server: RangeServer;

/** 12 s padded to a constant 16 Mbit/s: long for the network, short for the decoder. */
const LONG: FixtureOptions = {
  frameCount: 360,
  gop: 10,
  encoderOptions: {
    preset: "ultrafast",
    "x264-params":
      "log-level=-1:scenecut=0:open-gop=1:nal-hrd=cbr:filler=1:bitrate=16000:vbv-maxrate=16000:vbv-bufsize=16000",
  },
};
const LAYOUTS: Record<string, FixtureOptions> = {
  "index-last.mp4": LONG,
  "index-first.mp4": { ...LONG, formatOptions: { movflags: "faststart" } },
  "cut-list.mov": { ...LONG, pts: (i) => (i - 5) * 512 },
};
const local = (name: string) => folder.file(name);
const remote = (name: string) => `${server.origin}/${name}`;

beforeAll(async () => {
  server = await rangeServer();
  for (const [name, options] of Object.entries(LAYOUTS)) {
    await encodeFixture(local(name), options);
    server.files.set(`/${name}`, readFileSync(local(name)));
  }
}, 60_000);
beforeEach(() => server.reset());
afterAll(async () => {
  await server.close();
  folder.remove();
});

const failure = (source: string, options = {}) =>
  sampleFrames(source, plan, options).then(
    () => "sampled",
    (error: unknown) => (error instanceof VideoSamplerError ? error.code : error),
  );

describe("ranges", () => {
  test.each(Object.keys(LAYOUTS))("%s: the same frames for a part of the bytes", async (name) => {
    const expected = await sampleFrames(local(name), plan);
    const sampled = await sampleFrames(remote(name), plan);
    expect(sampled.frameInfo).toEqual(expected.frameInfo);
    expect(sampled.info).toEqual(expected.info);
    expect(sampled.warnings).toEqual([]);
    expect(Buffer.compare(sampled.frames.data, expected.frames.data)).toBe(0);
    const size = readFileSync(local(name)).length;
    expect(size).toBeGreaterThan(20e6);
    // What libav may read to open a file, 5 MB, is more than the frames need.
    expect(server.sent.bytes).toBeLessThan(0.35 * size);
    expect(server.sent.requests).toBeLessThan(10);
  });

  test("facts and costs of a plan need the index alone", async () => {
    const { codec, frameCount } = await probe(remote("index-last.mp4"));
    expect([codec, frameCount]).toEqual(["h264", 360]);
    expect(server.sent.bytes).toBeLessThan(6e6);
  });

  test("an opened video fetches for each plan what is not there yet, and any order of plans is exact", async () => {
    await using near = await openVideo(local("index-last.mp4"));
    await using far = await openVideo(remote("index-last.mp4"));
    for (const indices of [[350], [100, 101], [40, 110, 200], [350, 0], [199, 201]]) {
      const { frames } = await far.sample({ type: "indices", indices });
      expect(Buffer.compare(frames.data, (await near.sample({ type: "indices", indices })).frames.data)).toBe(0);
    }
    const before = server.sent.requests;
    await far.sample({ type: "indices", indices: [101, 350] });
    expect(server.sent.requests).toBe(before);
    const everything = { type: "uniform", frameCount: 360 } as const;
    expect(
      Buffer.compare((await far.sample(everything)).frames.data, (await near.sample(everything)).frames.data),
    ).toBe(0);
    expect(server.sent.bytes).toBeLessThan(1.02 * readFileSync(local("index-last.mp4")).length);
  });

  test("intra refresh: the jump is given up, and the beginning is fetched after all", async () => {
    const params =
      "log-level=-1:intra-refresh=1:nal-hrd=cbr:filler=1:bitrate=16000:vbv-maxrate=16000:vbv-bufsize=16000";
    const options = { ...LONG, bFrames: 0, encoderOptions: { preset: "ultrafast", "x264-params": params } };
    await encodeFixture(local("refresh.mp4"), options);
    server.files.set("/refresh.mp4", readFileSync(local("refresh.mp4")));
    const late: SamplePlan = { type: "indices", indices: [299] };
    const expected = await sampleFrames(local("refresh.mp4"), late);
    expect(Buffer.compare((await sampleFrames(remote("refresh.mp4"), late)).frames.data, expected.frames.data)).toBe(0);
  });

  test("child processes fetch by ranges too, and leave nothing behind", { timeout: 60_000 }, async () => {
    const children = () => readdirSync(tmpdir()).filter((name) => name.startsWith("video-sampler-child-")).length;
    const expected = await sampleFrames(local("index-last.mp4"), plan);
    const before = children();
    const { frames } = await sampleFrames(remote("index-last.mp4"), plan, { isolate: true });
    expect(Buffer.compare(frames.data, expected.frames.data)).toBe(0);
    for await (const item of sampleMany([remote("index-first.mp4"), remote("absent.mp4")], plan, { concurrency: 1 }))
      expect("video" in item ? item.video.frames.dims[0] : item.error).toMatchObject(
        "video" in item ? {} : { code: "NOT_FOUND" },
      );
    expect(server.sent.bytes).toBeLessThan(25e6);
    await vi.waitFor(() => expect(children()).toBeLessThanOrEqual(before));
  });
});

describe("the whole file is fetched", () => {
  const same = async (source: string, path: string, options = {}) => {
    const [expected, sampled] = [await sampleFrames(path, plan), await sampleFrames(source, plan, options)];
    return Buffer.compare(sampled.frames.data, expected.frames.data) === 0;
  };

  test("where the server has no ranges, in one request", async () => {
    const bytes = readFileSync(local("index-last.mp4"));
    server.files.set("/plain.mp4", (_, response) => response.end(bytes));
    expect(await same(remote("plain.mp4"), local("index-last.mp4"))).toBe(true);
    expect(server.sent.requests).toBe(1);
  });

  test("where ranges would be of a compressed answer", async () => {
    const bytes = readFileSync(local("index-last.mp4"));
    server.files.set("/zipped.mp4", (request, response) => {
      const headers = { "content-encoding": "gzip", "content-range": `bytes 0-9/${bytes.length}` };
      if (request.headers.range !== undefined) response.writeHead(206, headers).end(gzipSync(bytes.subarray(0, 10)));
      else response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(bytes));
    });
    expect(await same(remote("zipped.mp4"), local("index-last.mp4"))).toBe(true);
    expect(server.sent.requests).toBe(2);
  });

  test("for other containers, fragments without end, and the ffmpeg program", async () => {
    const path = await encodeFixture(local("a.mkv"), { tickRate: 1000, pts: (i) => Math.round((i * 1000) / 30) });
    server.files.set("/a.mkv", readFileSync(path));
    expect(await same(remote("a.mkv"), path)).toBe(true);
    const movflags = "frag_every_frame+empty_moov";
    const fragments = await encodeFixture(local("fragments.mp4"), { formatOptions: { movflags } });
    server.files.set("/fragments.mp4", readFileSync(fragments));
    expect(await same(remote("fragments.mp4"), fragments)).toBe(true);
    vi.stubEnv("FFMPEG_BIN", ffmpegForTests);
    const { frameInfo } = await sampleFrames(remote("index-last.mp4"), plan, { backend: "ffmpeg" });
    vi.unstubAllEnvs();
    expect(frameInfo.map(({ index }) => index)).toEqual([0, 119, 239, 359]);
  });
});

describe("what a server may not do", () => {
  test("redirects: followed for every request, never beyond the limit or out of http", async () => {
    const to =
      (location: string): Served =>
      (_, response) =>
        response.writeHead(302, { location }).end();
    server.files.set("/moved.mp4", to("/index-last.mp4"));
    server.files.set("/loop.mp4", to("/loop.mp4"));
    server.files.set("/local.mp4", to(`file://${local("index-last.mp4")}`));
    expect(await failure(remote("moved.mp4"))).toBe("sampled");
    expect(await failure(remote("moved.mp4"), { limits: { maxRedirects: 0 } })).toBe("LIMIT_EXCEEDED");
    expect(await failure(remote("loop.mp4"))).toBe("LIMIT_EXCEEDED");
    expect(await failure(remote("local.mp4"))).toBe("INVALID_SOURCE");
    // The first request is answered, a later one is sent to a local file.
    const bytes = readFileSync(local("index-last.mp4"));
    let asked = 0;
    server.files.set("/turns.mp4", (request, response) => {
      if (asked++ === 0) answerRange(request, response, bytes);
      else response.writeHead(302, { location: `file://${local("index-last.mp4")}` }).end();
    });
    expect(await failure(remote("turns.mp4"))).toBe("INVALID_SOURCE");
  });

  test("limits count the bytes that travel, not the length of the file", async () => {
    const size = readFileSync(local("index-last.mp4")).length;
    expect(await failure(remote("index-last.mp4"), { limits: { maxSourceBytes: size >> 1 } })).toBe("sampled");
    expect(await failure(remote("index-last.mp4"), { limits: { maxSourceBytes: 2e6 } })).toBe("LIMIT_EXCEEDED");
    // A first answer that claims more than any file can hold.
    server.files.set("/huge.mp4", (_, response) =>
      response.writeHead(206, { "content-range": `bytes 0-9/${2 ** 62}`, "content-length": 10 }).end("0123456789"),
    );
    expect(await failure(remote("huge.mp4"))).toBe("LIMIT_EXCEEDED");
  });

  test("another version, a short range, another range, a broken connection", async () => {
    const bytes = readFileSync(local("index-last.mp4"));
    const later = (answer: Parameters<typeof server.files.set>[1]) => {
      let asked = 0;
      server.files.set("/bad.mp4", (request, response) => {
        if (asked++ > 1 && typeof answer === "function") answer(request, response);
        else answerRange(request, response, bytes);
      });
      return failure(remote("bad.mp4"));
    };
    expect(await later((request, response) => answerRange(request, response, bytes, '"2"'))).toBe("NOT_FOUND");
    const range = (text: string) => ({ etag: '"1"', "content-range": text });
    const asked = (request: IncomingMessage) => Number(/\d+/.exec(request.headers.range ?? "")?.[0]);
    expect(
      await later((request, response) =>
        response
          .writeHead(206, range(`bytes ${asked(request)}-${asked(request) + 9}/${bytes.length}`))
          .end("0123456789"),
      ),
    ).toBe("TRUNCATED");
    expect(await later((_, response) => response.writeHead(206, range(`bytes 0-9/${bytes.length}`)).end())).toBe(
      "NOT_FOUND",
    );
    expect(await later((_, response) => response.destroy())).toBe("UNAVAILABLE");
  });

  test("silence: the time-out and the signal hold while bytes are awaited, also for one plan of an opened video", async () => {
    const bytes = readFileSync(local("index-last.mp4"));
    let silent = false;
    server.files.set("/slow.mp4", (request, response) => {
      if (!silent) answerRange(request, response, bytes);
    });
    await using video = await openVideo(remote("slow.mp4"));
    silent = true;
    expect(await failure(remote("slow.mp4"), { timeoutMs: 200 })).toBe("TIMEOUT");
    const signal = AbortSignal.timeout(200);
    await expect(video.sample({ type: "indices", indices: [300] }, { signal })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    silent = false;
    expect((await video.sample({ type: "indices", indices: [300] })).frames.dims[0]).toBe(1);
  });

  test("playlists stay refused, and an empty file is said to be empty", async () => {
    const list = `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://${local("index-last.mp4")}\n#EXT-X-ENDLIST\n`;
    server.files.set("/list.m3u8", Buffer.from(list));
    server.files.set("/empty.mp4", Buffer.alloc(0));
    expect(await failure(remote("list.m3u8"))).toBe("NOT_MEDIA");
    await expect(sampleFrames(remote("empty.mp4"), plan)).rejects.toThrow(/empty/);
  });
});
