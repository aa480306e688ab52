import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The videos the bench samples, made once with the ffmpeg program: a moving test picture with noise, x264 as ffmpeg sets it. */
const VIDEOS = {
  "60s-720p-gop250": { size: "1280x720", seconds: 60, gop: 250, preset: "medium" },
  "60s-720p-gop30": { size: "1280x720", seconds: 60, gop: 30, preset: "medium" },
  "10min-360p-gop250": { size: "640x360", seconds: 600, gop: 250, preset: "medium" },
  "1h-180p-gop250": { size: "320x180", seconds: 3600, gop: 250, preset: "veryfast" },
} as const;

/** Name of a bench video. */
export type BenchVideo = keyof typeof VIDEOS;

/** Path of a bench video; made if it is not there yet. */
export function benchVideo(name: BenchVideo, ffmpeg: string): string {
  const folder = join(tmpdir(), "video-sampler-bench");
  const path = join(folder, `${name}.mp4`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const { size, seconds, gop, preset } = VIDEOS[name];
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
    "-bf",
    "2",
    "-pix_fmt",
    "yuv420p",
  ];
  execFileSync(ffmpeg, ["-v", "error", "-y", "-f", "lavfi", "-i", input, ...codec, `${path}.part.mp4`]);
  execFileSync("mv", [`${path}.part.mp4`, path]);
  return path;
}
