import { execFileSync } from "node:child_process";
import ffmpegFromNpm from "@ffmpeg-installer/ffmpeg";
import { locateFfmpeg } from "../src/decode/ffmpeg/ffmpeg-program-node.js";

/**
 * The ffmpeg program that tests run: FFMPEG_BIN, the PATH, or one that comes as an npm package (a build of 2018, also the
 * oldest that is supported), so that no machine leaves this backend untested.
 */
export const ffmpegForTests = await locateFfmpeg().catch(() => ffmpegFromNpm.path);

/** libavcodec tells which slices it had to conceal since FFmpeg 4.4. */
export const reportsConcealment = (() => {
  const text = execFileSync(ffmpegForTests, ["-version"], { encoding: "utf8" });
  const [, major, minor] = /libavcodec +(\d+)\. *(\d+)/.exec(text) ?? [];
  return Number(major) + Number(minor) / 1000 >= 58.134;
})();

/** Whether this program can leave frames of another size as they are (since FFmpeg 4.4). */
export const keepsSizes = /^-autoscale\b/m.test(
  execFileSync(ffmpegForTests, ["-h", "long"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
);
