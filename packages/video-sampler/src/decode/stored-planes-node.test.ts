import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { ffmpegForTests, reportsConcealment } from "../../test/ffmpeg-for-tests.js";
import { scheduleDecode } from "../plan/decode-schedule.js";
import { listDecodedFrames, listFrames } from "../sample/list-frames.js";
import type { DecodedFrame } from "./decoder.js";
import { openPath } from "./open-decoder-node.js";

/** What ffmpeg decodes from each fixture; made by tools/golden/video-sampler-planes.py. */
const { files } = JSON.parse(readFileSync(new URL("../../test/golden/planes.json", import.meta.url), "utf8")) as {
  files: Record<string, { timeBase: string; pts: number[]; md5: string[]; damaged: number[] }>;
};
const fixture = (name: string) => fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url));
/** Streams without a clock of their own: each version of libav guesses other times, so only order and pixels count. */
const CLOCKLESS = ["h264-no-pts.h264", "mpeg4-b-frames.avi"];
/** How MPEG-4 conceals damage differs between versions of libav. */
const CONCEALED_OTHERWISE = "damaged.mpeg4.mp4";

type Backend = "node-av" | "ffmpeg";

interface Taken {
  pts: number;
  md5: string;
  damaged: boolean;
}

/** Decodes the frames at the given positions, or all, into hashes of their planes. */
async function take(name: string, backend: Backend, positions?: readonly number[]): Promise<Taken[]> {
  vi.stubEnv("FFMPEG_BIN", ffmpegForTests);
  const decoder = await openPath(fixture(name), { backend });
  try {
    let { frames, reachable } = await listFrames(decoder);
    // Damaged files list frames that never come out.
    if (name.startsWith("damaged")) ({ frames, reachable } = await listDecodedFrames(decoder));
    const wanted = positions ?? frames.pts.keys();
    const source = reachable
      ? decoder.decodeSegments(frames, scheduleDecode(frames, wanted), { pixels: "stored" })
      : decoder.decodeSequentially(new Set(wanted), { pixels: "stored" });
    const taken: Taken[] = [];
    for await (const { image, ptsTicks, decodeError } of source as AsyncGenerator<DecodedFrame>)
      if (image !== null)
        taken.push({ pts: ptsTicks, md5: createHash("md5").update(image).digest("hex"), damaged: decodeError });
    return taken;
  } finally {
    await decoder.close();
    vi.unstubAllEnvs();
  }
}

describe.each(["node-av", "ffmpeg"] as const)("planes by %s", (backend) => {
  const exact = Object.entries(files).filter(([name]) => name !== CONCEALED_OTHERWISE);

  test.each(exact)("%s: every frame has ffmpeg's planes at ffmpeg's time", async (name, golden) => {
    const all = await take(name, backend);
    expect(all.map(({ md5 }) => md5)).toEqual(golden.md5);
    // A last frame without a time gets one by the frame rate, which happens above the decoder.
    const times = all.map(({ pts }, i) => (Number.isNaN(pts) && i === all.length - 1 ? golden.pts[i] : pts));
    if (!CLOCKLESS.includes(name)) expect(times).toEqual(golden.pts);
  });

  test.each(exact)("%s: frames jumped to have the same planes", async (name, { md5 }) => {
    for (const positions of backend === "ffmpeg" ? [[13, 27]] : [[0], [13, 14], [5, 27], [md5.length - 1]]) {
      const within = positions.filter((position) => position < md5.length);
      expect((await take(name, backend, within)).map((frame) => frame.md5)).toEqual(
        within.map((position) => md5[position]),
      );
    }
  });
});

describe("damage", () => {
  const damagedTimes = (taken: readonly Taken[]) => taken.flatMap(({ pts, damaged }) => (damaged ? [pts] : []));

  test.each(Object.entries(files))("%s: node-av flags the frames that ffmpeg calls corrupt", async (name, golden) => {
    expect(damagedTimes(await take(name, "node-av"))).toEqual(golden.damaged);
  });

  test.each(Object.entries(files).filter(([name]) => name.startsWith("damaged")))(
    "%s: the ffmpeg program's frames are flagged alike, also when jumped to",
    async (name, golden) => {
      const expected = reportsConcealment ? golden.damaged : [];
      expect(damagedTimes(await take(name, "ffmpeg"))).toEqual(expected);
      const jumped = damagedTimes(await take(name, "ffmpeg", [12, 13, 15]));
      expect(jumped).toEqual(expected.filter((pts) => [12, 13, 15].includes(golden.pts.indexOf(pts))));
    },
  );
});
