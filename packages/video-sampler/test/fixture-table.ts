import type { FixtureOptions } from "./fixture-video.js";

const at30 = (tickRate: number, start = 0) => ({
  tickRate,
  pts: (index: number) => start + Math.round((index * tickRate) / 30),
});
const small = { width: 64, height: 48 };
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
  "h264-negative-pts.nut": { tickRate: 15360, pts: (i) => (i - 7) * 512 },
  "h264-fragmented.mp4": { formatOptions: { movflags: "frag_keyframe+empty_moov" } },
  "h264-late-start.mkv": at30(1000, 5000),
  "h264.flv": at30(1000),
  "h264.m2t": at30(90000),
  "h264-no-pts.h264": at30(30),
  "h264-yuv444-odd.mkv": { width: 127, height: 95, pixelFormat: "yuv444p", ...at30(1000) },
  "h264-422-10bit.mkv": { pixelFormat: "yuv422p10le", ...at30(1000) },
  "h264-interlaced.mp4": { encoderOptions: x264("tff=1") },
  "h264-rot90.mp4": { rotationDegrees: 90 },
  "h264-rot180.mp4": { rotationDegrees: 180 },
  "h264-rot270.mp4": { rotationDegrees: 270 },
  "hevc-10bit-open-gop.mp4": {
    encoder: "libx265",
    encoderOptions: { preset: "ultrafast", "x265-params": "log-level=none:open-gop=1" },
    pixelFormat: "yuv420p10le",
  },
  "hevc.m2t": {
    encoder: "libx265",
    encoderOptions: { preset: "ultrafast", "x265-params": "log-level=none" },
    ...at30(90000),
  },
  "hevc-rot90.mp4": {
    encoder: "libx265",
    encoderOptions: { preset: "ultrafast", "x265-params": "log-level=none" },
    rotationDegrees: 90,
  },
  "vp9-odd.webm": {
    width: 127,
    height: 95,
    encoder: "libvpx-vp9",
    encoderOptions: { deadline: "realtime", "cpu-used": "8" },
    ...at30(1000),
  },
  "vp9-alt-ref.webm": {
    encoder: "libvpx-vp9",
    encoderOptions: { deadline: "good", "cpu-used": "5", "auto-alt-ref": "1", "lag-in-frames": "16" },
    ...at30(1000),
  },
  "vp9.mp4": { encoder: "libvpx-vp9", encoderOptions: { deadline: "realtime", "cpu-used": "8" } },
  "vp9.webm": { encoder: "libvpx-vp9", encoderOptions: { deadline: "realtime", "cpu-used": "8" }, ...at30(1000) },
  "vp8.webm": {
    encoder: "libvpx",
    encoderOptions: { deadline: "realtime", "cpu-used": "8" },
    bFrames: 0,
    ...at30(1000),
  },
  "av1-10bit.mp4": { encoder: "libsvtav1", encoderOptions: { preset: "12" }, pixelFormat: "yuv420p10le" },
  "av1.webm": { encoder: "libsvtav1", encoderOptions: { preset: "12" }, ...at30(1000) },
  "mpeg2.m2t": { encoder: "mpeg2video", ...at30(30) },
  "mpeg2.mpg": { encoder: "mpeg2video", muxer: "vob", ...at30(30) },
  "mpeg4.mp4": { encoder: "mpeg4" },
  "mpeg4-b-frames.avi": { encoder: "mpeg4", ...at30(30) },
  "mpeg4.avi": { encoder: "mpeg4", bFrames: 0, ...at30(30) },
  "wmv2.wmv": { encoder: "wmv2", bFrames: 0, ...at30(1000) },
  "prores-10bit.mov": { encoder: "prores_ks", bFrames: 0, pixelFormat: "yuv422p10le", ...small },
  "ffv1.mkv": { encoder: "ffv1", bFrames: 0, ...small, ...at30(1000) },
  "theora.ogv": { encoder: "libtheora", bFrames: 0, ...at30(30) },
  "mjpeg.avi": { encoder: "mjpeg", bFrames: 0, pixelFormat: "yuvj420p", ...small, ...at30(30) },
  "mjpeg.mov": { encoder: "mjpeg", bFrames: 0, pixelFormat: "yuvj420p" },
  "animation.gif": { encoder: "gif", pixelFormat: "rgb8", tickRate: 100, pts: (i) => i * 4 },
};
