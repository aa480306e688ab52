import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ffmpegForTests, keepsSizes } from "../../test/ffmpeg-for-tests.js";
import { encodeFixture, type FixtureOptions, temporaryFolder } from "../../test/fixture-video.js";
import { numbersIn } from "../../test/numbers-in.js";
import { openVideo, probe, sampleFrames } from "./sample-frames-node.js";

// Two recordings of two seconds in one MPEG-TS, as `cat a.ts b.ts` gives them: a camera that restarted, an inserted advertisement.
const FRAMES = 60;
const folder = temporaryFolder();
afterAll(() => {
  vi.unstubAllEnvs();
  folder.remove();
});
const at = (startTicks: number): FixtureOptions => ({ tickRate: 90000, pts: (i) => startTicks + i * 3000 });

async function joined(name: string, ...parts: FixtureOptions[]): Promise<string> {
  const bytes: Buffer[] = [];
  for (const [i, options] of parts.entries())
    bytes.push(readFileSync(await encodeFixture(folder.file(`${name}-${i}.ts`), { frameCount: FRAMES, ...options })));
  writeFileSync(folder.file(`${name}.ts`), Buffer.concat(bytes));
  return folder.file(`${name}.ts`);
}

let overlapping: string;
let smaller: string;
let formats: string;
let restarted: string;
let later: string;
beforeAll(async () => {
  vi.stubEnv("FFMPEG_BIN", ffmpegForTests);
  overlapping = await joined("overlapping", at(0), at(46170)); // 0.513 s, no time collides
  smaller = await joined("smaller", at(0), { ...at(46170), width: 64, height: 48 });
  formats = await joined("formats", { ...at(0), pixelFormat: "yuv444p" }, at(0));
  restarted = await joined("restarted", at(90000 * 3600), at(0)); // an hour back: libav takes it for the clock's wrap
  later = await joined("later", at(0), at(90000 * 40)); // 40 s on
}, 60_000);
const inOrder = [...Array(FRAMES).keys(), ...Array(FRAMES).keys()];

describe.each(["node-av", "ffmpeg"] as const)("%s", (backend) => {
  test("overlapping clocks: every frame in the order of the file, times that run on, a warning", async () => {
    const all = await sampleFrames(overlapping, { type: "uniform", frameCount: 2 * FRAMES }, { backend });
    expect(numbersIn(all)).toEqual(inOrder);
    expect(all.warnings.map(({ code }) => code)).toEqual(["TIMESTAMPS_DISCONTINUOUS"]);
    for (const [i, seconds] of all.timestampsSeconds.entries()) expect(seconds).toBeCloseTo(i / 30, 3);
    expect(all.frameInfo[60]?.ptsTicks).toBeLessThan(all.frameInfo[59]?.ptsTicks as number);
    const some = await sampleFrames(overlapping, { type: "indices", indices: [10, 59, 60, 75, 119] }, { backend });
    expect(numbersIn(some)).toEqual([10, 59, 0, 15, 59]);
    const rate = await sampleFrames(overlapping, { type: "fps", fps: 1 }, { backend });
    expect(numbersIn(rate)).toEqual([0, 30, 0, 30]);
  });

  test("another pixel format and every time twice: frames by their number all the same", async () => {
    const both = await sampleFrames(formats, { type: "indices", indices: [10, 70] }, { backend });
    expect(numbersIn(both)).toEqual([10, 10]);
    const second = await sampleFrames(formats, { type: "indices", indices: [75] }, { backend });
    expect(numbersIn(second)).toEqual([15]);
    expect(second.warnings.map(({ code }) => code)).toEqual(["TIMESTAMPS_DISCONTINUOUS"]);
  });

  test("a jump forwards or an hour back is closed, as ffmpeg closes it in a transport stream", async () => {
    for (const path of [restarted, later]) {
      expect((await probe(path, { backend })).durationSeconds).toBeCloseTo(4, 1);
      const sampled = await sampleFrames(path, { type: "fps", fps: 1 }, { backend });
      expect(numbersIn(sampled)).toEqual([0, 30, 0, 30]);
      expect(sampled.warnings.map(({ code }) => code)).toContain("TIMESTAMPS_DISCONTINUOUS");
    }
  });
});

test("another size: node-av gives whole pictures of the first one's size, and the ffmpeg program the same ones", async () => {
  const plan = { type: "indices" as const, indices: [0, 10, 60, 70, 119] };
  const expected = await sampleFrames(smaller, plan, { backend: "node-av" });
  expect(expected.frames.dims).toEqual([5, 96, 128, 3]);
  expect(numbersIn(expected)).toEqual([0, 10, 0, 10, 59]);
  const found = sampleFrames(smaller, plan, { backend: "ffmpeg" });
  if (keepsSizes) expect(numbersIn(await found)).toEqual([0, 10, 0, 10, 59]);
  else await expect(found).rejects.toThrow(/change from 128 x 96 to 64 x 48/);
});

test("a joined file is read once to list it, and each sampling after that reads it once more", async () => {
  await using video = await openVideo(overlapping);
  expect((await video.sample({ type: "indices", indices: [3] })).stats.framesDecoded).toBeLessThanOrEqual(4 * FRAMES);
  expect((await video.sample({ type: "indices", indices: [3] })).stats.framesDecoded).toBeLessThanOrEqual(2 * FRAMES);
});
