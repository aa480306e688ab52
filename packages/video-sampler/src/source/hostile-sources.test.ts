import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ffmpegForTests } from "../../test/ffmpeg-for-tests.js";
import { encodeFixture, temporaryFolder } from "../../test/fixture-video.js";
import { VideoSamplerError } from "../errors.js";
import { sampleFrames } from "../sample/sample-frames-node.js";
import { isPrivateAddress, shownUrl } from "./source-url-node.js";

const folder = temporaryFolder();
const plan = { type: "uniform", frameCount: 2 } as const;
let bytes: Buffer;
beforeAll(async () => {
  vi.stubEnv("FFMPEG_BIN", ffmpegForTests);
  bytes = readFileSync(await encodeFixture(folder.file("good.mp4"), { frameCount: 30 }));
});
afterAll(() => {
  vi.unstubAllEnvs();
  folder.remove();
});
const outcome = (source: string, options = {}) =>
  sampleFrames(source, plan, options).then(
    () => "sampled",
    (error: unknown) => (error instanceof VideoSamplerError ? error.code : error),
  );

/** The file with a table's count changed: `stsz` with one size for all samples, `stts` with one run, or both. */
function claiming(samples: number, tables: readonly ("stsz" | "stts")[]): Buffer {
  const changed = Buffer.from(bytes);
  for (const table of tables) {
    const at = changed.indexOf(table, 0, "latin1") + 8; // after type, version and flags
    if (table === "stsz") changed.writeUInt32BE(1, at); // every sample has one byte
    changed.writeUInt32BE(table === "stsz" ? samples : 1, at + (table === "stsz" ? 4 : 0));
    if (table === "stts") changed.writeUInt32BE(samples, at + 4);
  }
  return changed;
}

describe.each(["node-av", "ffmpeg"] as const)("%s", (backend) => {
  test("tables that claim 30 million samples are refused at once and in little memory", async () => {
    for (const tables of [["stsz"], ["stts"], ["stsz", "stts"]] as const) {
      writeFileSync(folder.file("claims.mp4"), claiming(30_000_000, tables));
      const [before, started] = [process.memoryUsage.rss(), performance.now()];
      expect(await outcome(folder.file("claims.mp4"), { backend })).toBe("LIMIT_EXCEEDED");
      expect(performance.now() - started).toBeLessThan(1000);
      expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
    }
  });

  test("more frames or larger pictures than the limits allow", async () => {
    expect(await outcome(folder.file("good.mp4"), { backend, limits: { maxFrames: 29 } })).toBe("LIMIT_EXCEEDED");
    expect(await outcome(folder.file("good.mp4"), { backend, limits: { maxFrames: 30 } })).toBe("sampled");
    expect(await outcome(folder.file("good.mp4"), { backend, limits: { maxPixels: 128 * 96 - 1 } })).toBe(
      "LIMIT_EXCEEDED",
    );
  });
});

test("isolate bounds memory: the child is ended, and says for what", { timeout: 60_000 }, async () => {
  const wide = { height: 4000, width: 4000 };
  const options = { isolate: true, size: wide, limits: { maxMemoryBytes: 150e6 } };
  expect(await outcome(folder.file("good.mp4"), options)).toBe("LIMIT_EXCEEDED");
  expect(await outcome(folder.file("good.mp4"), { isolate: true })).toBe("sampled");
});

describe("servers", () => {
  let server: Server;
  let port: number;
  const asked: string[] = [];
  const answers = new Map<string, number[]>();
  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = request.url ?? "";
      asked.push(`${request.headers.host} ${path} ${request.headers.authorization ?? "-"}`);
      const status = answers.get(path)?.shift();
      if (status === 0) request.socket.destroy();
      else if (status !== undefined) response.writeHead(status, { "retry-after": "0" }).end("not now");
      else if (path.startsWith("/to?")) response.writeHead(302, { location: decodeURIComponent(path.slice(4)) }).end();
      else if (path.startsWith("/good.mp4")) response.end(bytes);
      else response.writeHead(404).end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    port = typeof address === "object" ? (address?.port ?? 0) : 0;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const at = (path: string, host = "127.0.0.1") => `http://${host}:${port}${path}`;

  test("transient errors and broken connections are tried again, others not", async () => {
    answers.set("/good.mp4", [503, 429, 0]);
    expect(await outcome(at("/good.mp4"))).toBe("sampled");
    answers.set("/good.mp4", [503, 503, 503]);
    expect(await outcome(at("/good.mp4"), { limits: { maxRetries: 2 } })).toBe("UNAVAILABLE");
    answers.set("/good.mp4", [503]);
    expect(await outcome(at("/good.mp4"), { limits: { maxRetries: 0 } })).toBe("UNAVAILABLE");
    answers.set("/good.mp4", []);
    asked.length = 0;
    expect(await outcome(at("/absent.mp4"))).toBe("NOT_FOUND");
    expect(asked).toHaveLength(1);
    answers.set("/good.mp4", [503, 503, 503]);
    await expect(sampleFrames(at("/good.mp4"), plan, { signal: AbortSignal.timeout(5) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    answers.delete("/good.mp4");
  });

  test("a redirect may not lead to a private address, by number or by name, unless allowed", async () => {
    const to = (target: string) => at(`/to?${encodeURIComponent(target)}`);
    // The caller named 127.0.0.1, so that host is fine; another private one is not.
    expect(await outcome(to(at("/good.mp4")))).toBe("sampled");
    expect(await outcome(to(at("/good.mp4", "localhost")))).toBe("INVALID_SOURCE");
    expect(await outcome(to("http://169.254.169.254/latest/meta-data"))).toBe("INVALID_SOURCE");
    expect(await outcome(to(`http://[::ffff:127.0.0.1]:${port}/good.mp4`))).toBe("INVALID_SOURCE");
    expect(await outcome(to(`http://2130706433:${port}/good.mp4`))).toBe("sampled"); // another way to write 127.0.0.1
    expect(await outcome(to("http://[::1"))).toBe("INVALID_SOURCE");
    expect(await outcome(to("file:///etc/hostname"))).toBe("INVALID_SOURCE");
    expect(await outcome(to(at("/good.mp4", "localhost")), { limits: { allowPrivateAddresses: true } })).toBe(
      "sampled",
    );
    expect(await outcome(at("/good.mp4"), { limits: { allowPrivateAddresses: false } })).toBe("INVALID_SOURCE");
    expect(await outcome(at("/good.mp4", "localhost"), { limits: { allowPrivateAddresses: false } })).toBe(
      "INVALID_SOURCE",
    );
  });

  test("credentials are sent to the host they are for, and shown nowhere", { timeout: 60_000 }, async () => {
    const secret = "se%2Fcret";
    asked.length = 0;
    expect(await outcome(`http://user:${secret}@127.0.0.1:${port}/good.mp4?token=${secret}`)).toBe("sampled");
    expect(asked[0]).toContain(`Basic ${Buffer.from("user:se/cret").toString("base64")}`);
    const elsewhere = at(`/to?${encodeURIComponent(at("/good.mp4", "localhost"))}`).replace("//", `//user:${secret}@`);
    expect(await outcome(elsewhere, { limits: { allowPrivateAddresses: true } })).toBe("sampled");
    expect(asked.at(-1)).toMatch(/^localhost\S* \S+ -$/);
    const failing = [
      `http://user:${secret}@127.0.0.1:${port}/absent.mp4?token=${secret}`,
      `http://user:${secret}@127.0.0.1:1/a.mp4`,
    ];
    for (const source of failing)
      for (const options of [{ limits: { maxRetries: 0 } }, { isolate: true, limits: { maxRetries: 0 } }]) {
        const error = (await sampleFrames(source, plan, options).catch((reason: unknown) => reason)) as Error;
        const { inspect } = await import("node:util");
        expect(inspect(error, { depth: 9 })).not.toMatch(/cret|user|dXNlcj/);
      }
    expect(shownUrl(new URL(failing[0] as string))).toBe(`http://127.0.0.1:${port}/absent.mp4?…`);
  });
});

test("which addresses are private", () => {
  const privates = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "[::1]",
    "64:ff9b::a00:1",
    "ff02::1",
  ];
  for (const address of privates) expect([address, isPrivateAddress(address)]).toEqual([address, true]);
  for (const address of ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
    expect([address, isPrivateAddress(address)]).toEqual([address, false]);
});
