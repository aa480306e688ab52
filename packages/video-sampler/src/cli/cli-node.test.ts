import { readFileSync } from "node:fs";
import { PNG } from "pngjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeFixture, readFrameNumber, temporaryFolder } from "../../test/fixture-video.js";
import { main } from "./cli-node.js";

const folder = temporaryFolder();
const video = folder.file("a.mp4");
beforeAll(() => encodeFixture(video, { frameCount: 60 }));
afterAll(folder.remove);

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { code, out: out.join(""), err: err.join("") };
}

test("info and plan print JSON", async () => {
  const info = await run("info", video);
  expect(info.code).toBe(0);
  expect(JSON.parse(info.out)).toMatchObject({ codec: "h264", frameCount: 60, width: 128 });
  const plan = await run("plan", video, "-p", "videollama3-reference", "-s", "fps=2", "maxFrames=3");
  const { requests, packetsToDecode, packetsInVideo } = JSON.parse(plan.out);
  expect(requests.map((request: { index: number }) => request.index)).toEqual([14, 29, 59]);
  expect(packetsToDecode).toBeLessThan(packetsInVideo);
});

test("sample writes the frames that frames.json names", async () => {
  const out = folder.file("frames");
  expect((await run("sample", video, "-p", "indices", "-s", "indices=[59,3]", "-o", out)).code).toBe(0);
  const report = JSON.parse(readFileSync(`${out}/frames.json`, "utf8"));
  expect(report.frames.map(({ index }: { index: number }) => index)).toEqual([59, 3]);
  for (const { file, index } of report.frames) {
    const { data, width, height } = PNG.sync.read(readFileSync(`${out}/${file}`));
    const rgb = Uint8Array.from(
      { length: width * height * 3 },
      (_, i) => data[Math.floor(i / 3) * 4 + (i % 3)] as number,
    );
    expect(readFrameNumber(rgb, width, height)).toBe(index);
  }
});

test("sheet writes PNG and JPEG of the size it says", async () => {
  const png = await run(
    "sheet",
    video,
    "-s",
    "frameCount=8",
    "--columns",
    "4",
    "--width",
    "64",
    "-o",
    folder.file("s.png"),
  );
  const { width, height } = JSON.parse(png.out);
  expect(PNG.sync.read(readFileSync(folder.file("s.png")))).toMatchObject({ width, height });
  expect(width).toBe(4 + 4 * 68);
  expect((await run("sheet", video, "-o", folder.file("s.jpg"))).code).toBe(0);
  expect(readFileSync(folder.file("s.jpg")).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
});

test("says its version", async () => {
  expect(await run("--version")).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test("doctor reports node-av; wrong usage exits 2, failures 1", async () => {
  const { code, out } = await run("doctor");
  expect(code).toBe(0);
  expect(JSON.parse(out)[0]).toMatchObject({ backend: "node-av", usable: true, missingDecoders: [] });
  expect((await run("sheet", video)).code).toBe(2);
  expect((await run("plan", video, "-p", "fps", "-s", "fps=-1")).code).toBe(2);
  expect((await run("plan", video, "--size", "big")).err).toMatch(/HEIGHTxWIDTH/);
  const missing = await run("info", folder.file("absent.mp4"));
  expect(missing).toMatchObject({ code: 1, out: "" });
  expect(missing.err).toMatch(/Check the path/);
});

test("blindspots tells what stays unseen, and draws it", async () => {
  const picture = folder.file("deep/time.svg");
  const args = ["blindspots", video, "-p", "fps", "-s", "fps=1", "--patches", "8,32", "--picture", picture];
  const { code, out } = await run(...args);
  expect(code).toBe(0);
  const report = JSON.parse(out);
  expect(report).toMatchObject({ frameCount: 60, shownFrames: [0, 30], longestInsert: { frames: 29 } });
  expect(report.patches.map(({ sidePixels }: { sidePixels: number }) => sidePixels)).toEqual([8, 32]);
  const svg = readFileSync(picture, "utf8");
  expect(svg).toMatch(/^<svg /);
  expect(svg).toContain("a.mp4, plan fps (fps=1)");
  expect(svg).toContain("longest insert that stays unseen: 0.97 s (29 frames)");
  expect((await run("blindspots", video, "-p", "jittered", "-s", "frameCount=2")).code).toBe(2); // no seed
  const jittered = JSON.parse((await run("blindspots", video, "-p", "jittered", "-s", "frameCount=2", "seed=5")).out);
  expect(jittered.catchProbability.at(-1)).toEqual({ insertSeconds: 2, probability: 1 });
});

test("parity: exit code 0 for equal fingerprints, 1 and the names of what differs, 2 for no fingerprint", async () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => folder.file(`${name}.json`)) as [string, string, string];
  const write = (out: string, fps: number) => run("fingerprint", video, "-p", "fps", "-s", `fps=${fps}`, "-o", out);
  expect([(await write(a, 1)).code, (await write(b, 1)).code, (await write(c, 2)).code]).toEqual([0, 0, 0]);
  expect(await run("parity", a, b)).toMatchObject({ code: 0, err: "" });
  const other = await run("parity", a, c);
  expect([other.code, JSON.parse(other.out).equal]).toEqual([1, false]);
  expect(other.err).toMatch(/differ in frames, times, pixels, sampledFrameRate/);
  expect((await run("parity", a, video)).code).toBe(2);
  expect((await run("parity", a, folder.file("absent.json"))).code).toBe(1);
});
