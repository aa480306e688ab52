/** Peak RSS on a one-hour video, and growth over 1,000 opens: `npx tsx bench/memory.ts`. Needs an ffmpeg program. */
import { readdirSync } from "node:fs";
import { locateFfmpeg } from "../src/decode/ffmpeg/ffmpeg-program-node.js";
import { openVideo, sampleFrames } from "../src/index.js";
import { benchVideo } from "./videos.js";

const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
const ffmpeg = await locateFfmpeg();
const hour = benchVideo("1h-180p-gop250", ffmpeg);
const sampled = await sampleFrames(
  hour,
  { type: "videollama3-reference", maxFrames: 180 },
  { size: { height: 180, width: 320 } },
);
const peak = mebibytes(process.resourceUsage().maxRSS * 1024);
process.stdout.write(
  `one hour, ${sampled.stats.framesInVideo} frames, ${sampled.frameInfo.length} sampled: peak RSS ${peak} MiB\n`,
);

const short = benchVideo("60s-720p-gop30", ffmpeg);
const after: { opens: number; rssMiB: number; descriptors: number }[] = [];
for (let opens = 1; opens <= 1000; opens++) {
  const video = await openVideo(short);
  await video.close();
  if (opens % 250 === 0) {
    globalThis.gc?.();
    after.push({
      opens,
      rssMiB: mebibytes(process.memoryUsage().rss),
      descriptors: readdirSync("/proc/self/fd").length,
    });
  }
}
process.stdout.write(`1,000 opens: ${JSON.stringify(after)}\n`);
