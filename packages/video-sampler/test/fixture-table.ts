import type { FixtureOptions } from "./fixture-video.js";

const at30 = (tickRate: number, start = 0) => ({
  tickRate,
  pts: (index: number) => start + Math.round((index * tickRate) / 30),
});
const x264 = (params: string) => ({ preset: "veryfast", "x264-params": `log-level=-1:scenecut=0:${params}` });

/** Codecs, containers and timestamp layouts that sampling must be exact on. */
export const FIXTURES: Readonly<Record<string, FixtureOptions & { firstFrame?: number }>> = {
  "h264-gop12.mp4": {},
  "h264-one-gop.mp4": { gop: 250 },
  "h264-open-gop.mp4": { encoderOptions: x264("open-gop=1") },
  "h264-intra-refresh.mp4": { encoderOptions: x264("intra-refresh=1"), bFrames: 0 },
  "h264-vfr.mp4": { pts: (i) => i * 512 + (i % 7) * 60 + (i > 30 ? 9000 : 0) },
  "h264-offset-start.mp4": { pts: (i) => 7680 + i * 512 },
  "h264-edit-list.mp4": { pts: (i) => (i - 5) * 512, firstFrame: 5 },
  "h264-late-start.mkv": at30(1000, 5000),
  "h264.ts": at30(90000),
  "h264-no-pts.h264": at30(30),
  "h264-yuv444-odd.mkv": { width: 127, height: 95, pixelFormat: "yuv444p", ...at30(1000) },
  "h264-rot90.mp4": { rotationDegrees: 90 },
  "h264-rot180.mp4": { rotationDegrees: 180 },
  "h264-rot270.mp4": { rotationDegrees: 270 },
  "hevc-10bit-open-gop.mp4": {
    encoder: "libx265",
    encoderOptions: { preset: "ultrafast", "x265-params": "log-level=none:open-gop=1" },
    pixelFormat: "yuv420p10le",
  },
  "vp9.webm": { encoder: "libvpx-vp9", encoderOptions: { deadline: "realtime", "cpu-used": "8" }, ...at30(1000) },
  "vp8.webm": {
    encoder: "libvpx",
    encoderOptions: { deadline: "realtime", "cpu-used": "8" },
    bFrames: 0,
    ...at30(1000),
  },
  "av1-10bit.mp4": { encoder: "libsvtav1", encoderOptions: { preset: "12" }, pixelFormat: "yuv420p10le" },
  "mpeg4-b-frames.avi": { encoder: "mpeg4", ...at30(30) },
  "mpeg4.avi": { encoder: "mpeg4", bFrames: 0, ...at30(30) },
  "mjpeg.mov": { encoder: "mjpeg", bFrames: 0, pixelFormat: "yuvj420p" },
  "animation.gif": { encoder: "gif", pixelFormat: "rgb8", tickRate: 100, pts: (i) => i * 4 },
};
