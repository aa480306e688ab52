import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256File, videoFrames } from "./video-frames-node.js";

const clip = fileURLToPath(new URL("../../../video-sampler/test/fixtures/vp9.mp4", import.meta.url));
let directory: string;
let server: Server;
let base: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vsb-media-"));
  server = createServer((request, response) => {
    if (request.url !== "/vp9.mp4") {
      response.statusCode = 404;
      response.end();
      return;
    }
    createReadStream(clip).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

/** What only systems with device files have. */
const unixOnly: [string, () => string][] =
  process.platform === "win32"
    ? []
    : [
        ["a device", () => "/dev/zero"],
        [
          "a pipe",
          () => {
            spawnSync("mkfifo", [join(directory, "pipe")]);
            return join(directory, "pipe");
          },
        ],
      ];

describe("an item's video", () => {
  it("is a path, a file: URL or an http: URL, with the same frames and the same hash", async () => {
    const source = videoFrames({ root: dirname(clip), plan: { type: "uniform", frameCount: 2 } });
    const paths = ["vp9.mp4", clip, pathToFileURL(clip).href, `${base}/vp9.mp4`];
    const hashes = await Promise.all(paths.map((path) => source.sha256({ path }, {})));
    expect(new Set(hashes).size).toBe(1);
    const frames = await Promise.all(paths.map((path) => source.sample({ path }, { frameCount: 2 })));
    for (const { frames: found } of frames) expect(found.data).toEqual(frames[0]?.frames.data);
  });

  it.each<[string, () => string]>([
    ...unixOnly,
    ["a folder", () => directory],
    ["nothing", () => join(directory, "absent.mp4")],
    ["HTTP 404", () => `${base}/absent.mp4`],
  ])("that is %s is refused at once, by hash and by frames", async (what, path) => {
    const start = performance.now();
    const refusal = { code: "media_missing", message: expect.stringContaining(what) };
    await expect(sha256File(path())).rejects.toMatchObject(refusal);
    if (what !== "HTTP 404")
      await expect(videoFrames().sample({ path: path() }, { frameCount: 1 })).rejects.toMatchObject(refusal);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("stops being hashed when the run is stopped", async () => {
    const huge = join(directory, "huge.mp4");
    await writeFile(huge, "");
    await truncate(huge, 50_000_000_000);
    const start = performance.now();
    await expect(sha256File(huge, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort/i);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
