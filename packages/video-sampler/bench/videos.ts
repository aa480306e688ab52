import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const B_FRAMES_2 = ["-bf", "2"];
const FIXED_GOP = ["-sc_threshold", "0"];

/** The videos the bench samples, made once with the ffmpeg program: a moving test picture with noise, x264. */
const VIDEOS = {
  "60s-720p-gop250": { size: "1280x720", seconds: 60, gop: 250, preset: "medium", extra: B_FRAMES_2 },
  "60s-720p-gop30": { size: "1280x720", seconds: 60, gop: 30, preset: "medium", extra: B_FRAMES_2 },
  "60s-720p-gop30-fixed": { size: "1280x720", seconds: 60, gop: 30, preset: "medium", extra: FIXED_GOP },
  "10min-360p-gop250": { size: "640x360", seconds: 600, gop: 250, preset: "medium", extra: B_FRAMES_2 },
  "1h-180p-gop250": { size: "320x180", seconds: 3600, gop: 250, preset: "veryfast", extra: B_FRAMES_2 },
} as const;

/** Longer ones by repetition: a copy of the packets. */
const REPEATED = { "5min-720p-gop30": { video: "60s-720p-gop30", times: 5 } } as const;

/** Name of a bench video. */
export type BenchVideo = keyof typeof VIDEOS | keyof typeof REPEATED;

/** Path of a bench video; made if it is not there yet. */
export function benchVideo(name: BenchVideo, ffmpeg: string): string {
  const folder = join(tmpdir(), "video-sampler-bench");
  const path = join(folder, `${name}.mp4`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const make = (args: readonly string[]) => {
    execFileSync(ffmpeg, ["-v", "error", "-y", ...args, `${path}.part.mp4`]);
    renameSync(`${path}.part.mp4`, path);
    return path;
  };
  if (name in REPEATED) {
    const { video, times } = REPEATED[name as keyof typeof REPEATED];
    return make(["-stream_loop", String(times - 1), "-i", benchVideo(video, ffmpeg), "-c", "copy"]);
  }
  const { size, seconds, gop, preset, extra } = VIDEOS[name as keyof typeof VIDEOS];
  const input = `testsrc2=s=${size}:r=30:d=${seconds},noise=alls=6:allf=t`;
  const codec = [
    "-c:v",
    "libx264",
    "-preset",
    preset,
    "-crf",
    "26",
    "-g",
    String(gop),
    ...extra,
    "-pix_fmt",
    "yuv420p",
  ];
  return make(["-f", "lavfi", "-i", input, ...codec]);
}
