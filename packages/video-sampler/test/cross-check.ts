/**
 * Checks both backends against an ffmpeg program on every fixture: `npx tsx test/cross-check.ts` (FFMPEG_BIN names it).
 * Compared are the hashes of every frame, of frames jumped to, and of the fps filter's output that VideoLLaMA3 relies on.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { locateFfmpeg } from "../src/decode/ffmpeg/ffmpeg-program-node.js";
import { openVideo, type SampledVideo } from "../src/index.js";
import { FIXTURES } from "./fixture-table.js";
import { encodeFixture, temporaryFolder } from "./fixture-video.js";

const ffmpeg = await locateFfmpeg();
const folder = temporaryFolder();
const split = (data: Uint8Array, size: number) =>
  Array.from({ length: data.length / size }, (_, t) =>
    createHash("md5")
      .update(data.subarray(t * size, (t + 1) * size))
      .digest("hex"),
  );
const hashes = ({ frames: { data, dims } }: SampledVideo) => split(data, dims[1] * dims[2] * 3);
const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((hash, i) => hash === b[i]);

/** Hashes of what ffmpeg pipes as RGB; it rotates by itself. */
function piped(path: string, size: number, ...filters: string[]): string[] {
  const args = ["-v", "error", "-i", path, "-map", "0:V:0", ...filters, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
  return split(execFileSync(ffmpeg, args, { maxBuffer: 2 ** 30, stdio: ["ignore", "pipe", "ignore"] }), size);
}

/** Hashes of the decoded YUV frames in their own format. */
function yuv(path: string): string[] {
  const args = [
    "-v",
    "error",
    "-noautorotate",
    "-i",
    path,
    "-map",
    "0:V:0",
    "-vsync",
    "passthrough",
    "-f",
    "framemd5",
    "-",
  ];
  const lines = execFileSync(ffmpeg, args, { encoding: "utf8" }).split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").at(-1)?.trim() ?? "");
}

let failures = 0;
process.stdout.write(
  "| file | distinct YUV frames | all RGB | jumped to | fps filter 0.5 / 1 / 2 |\n|---|---|---|---|---|\n",
);
for (const [name, { firstFrame: _, ...options }] of Object.entries(FIXTURES)) {
  // 81 frames: where a video ends exactly on a slot of the fps filter, ffmpeg 5.1 drops the last output of some files.
  const path = await encodeFixture(folder.file(name), { frameCount: 81, ...options });
  const cells: string[] = [];
  for (const backend of ["node-av", "ffmpeg"] as const) {
    await using video = await openVideo(path, { backend });
    const { frameCount, width, height } = await video.describe();
    const all = piped(path, width * height * 3, "-vsync", "passthrough");
    const everything = same(hashes(await video.sample({ type: "uniform", frameCount })), all);
    const indices = [0, 3, 11, 12, 13, 37, 58, frameCount - 1];
    const jumped = same(
      hashes(await video.sample({ type: "indices", indices })),
      indices.map((index) => all[index] ?? ""),
    );
    const rates: boolean[] = [];
    for (const fps of [0.5, 1, 2]) {
      const sampled = await video.sample({ type: "videollama3-reference", fps, maxFrames: 1000, minFrames: 0 });
      rates.push(
        // The reference reads GIFs another way, and a raw stream has no clock to filter by.
        /\.(gif|h264)$/.test(name) ||
          same(hashes(sampled), piped(path, width * height * 3, "-vf", `fps=${fps}:round=down`)),
      );
    }
    const results = [everything, jumped, ...rates];
    failures += results.filter((ok) => !ok).length;
    const mark = (ok: boolean | undefined) => (ok === true ? "equal" : "DIFFER");
    cells.push(`${backend}: ${mark(everything)} | ${mark(jumped)} | ${rates.map(mark).join(" / ")}`);
  }
  process.stdout.write(`| ${name} | ${new Set(yuv(path)).size} | ${cells.join("\n|  |  | ")} |\n`);
}
folder.remove();
process.stdout.write(failures === 0 ? "all equal\n" : `${failures} differ\n`);
process.exitCode = failures === 0 ? 0 : 1;
