/**
 * Records which frames ffmpeg's `fps=F:round=down` gives for irregular timestamps: `npx tsx test/make-fps-golden.ts`
 * (FFMPEG_BIN names the program) writes test/golden/fps-filter.json. FFmpeg 5.1 reads no duration for the last picture from
 * these files (their headers state no frame rate), so the filter ends with that picture's beginning; 8.1 reads one.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { locateFfmpeg, readVersion } from "../src/decode/ffmpeg/ffmpeg-program-node.js";
import { openVideo } from "../src/index.js";
import { encodeFixture, readFrameNumber, temporaryFolder } from "./fixture-video.js";

const ffmpeg = await locateFfmpeg();
const folder = temporaryFolder();
let state = 12345;
const random = (below: number): number => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % below;
};
const cases: object[] = [];
for (let i = 0; i < 16; i++) {
  const times = [random(3) * 450];
  const longest = [40, 200, 900, 2500][i % 4] as number;
  for (let k = 1; k < 32; k++) times.push((times[k - 1] as number) + 1 + random(longest));
  const path = await encodeFixture(folder.file(`${i}.mp4`), {
    width: 64,
    height: 64,
    frameCount: times.length,
    tickRate: 600,
    bFrames: 1 + (i % 2),
    pts: (k) => times[k] ?? (times.at(-1) as number) + 20,
  });
  await using video = await openVideo(path);
  const { requests } = await video.explain({ type: "uniform", frameCount: times.length });
  const { startTimeSeconds, streamStartTimeSeconds, timeBase } = video.info;
  for (const fps of [0.5, 1, 2, 29.97]) {
    const args = [
      "-v",
      "error",
      "-i",
      path,
      "-vf",
      `fps=${fps}:round=down`,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgb24",
      "-",
    ];
    const piped = execFileSync(ffmpeg, args, { maxBuffer: 2 ** 30 });
    const indices = Array.from({ length: piped.length / 12288 }, (_, t) =>
      readFrameNumber(piped.subarray(t * 12288, (t + 1) * 12288), 64, 64),
    );
    cases.push({
      timesSeconds: requests.map(({ timeSeconds }) => timeSeconds),
      ...{ timeBase, startTimeSeconds, streamStartTimeSeconds, fps, indices },
    });
  }
}
folder.remove();
const golden = { ffmpeg: await readVersion(ffmpeg), cases };
writeFileSync(new URL("./golden/fps-filter.json", import.meta.url), `${JSON.stringify(golden)}\n`);
