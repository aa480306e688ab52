import { expect, test } from "vitest";
import { chooseStream } from "../choose-stream.js";
import {
  DamageReader,
  lastReason,
  parseBanner as parse,
  parsePacketLine,
  parseRate,
  parseStreams,
  parseTimeBase,
} from "./ffmpeg-report.js";

const parseBanner = (lines: readonly string[]) => parse(lines, chooseStream(parseStreams(lines)));

test("a phone video's banner", () => {
  const info = parseBanner(
    `Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'a.mp4':
  Duration: 00:01:02.50, start: 0.021000, bitrate: 284 kb/s
  Stream #0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, stereo, fltp, 128 kb/s (default)
  Stream #0:1[0x2](und): Video: hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67), 1920x1080 [SAR 4:3 DAR 64:27], 280 kb/s, 29.97 fps, 30 tbr, 600 tbn (default)
    Side data:
      displaymatrix: rotation of -90.00 degrees`.split("\n"),
  );
  expect(info).toEqual({
    streamIndex: 1,
    container: "mov,mp4,m4a,3gp,3g2,mj2",
    codec: "hevc",
    width: 1080,
    height: 1920,
    codedWidth: 1920,
    codedHeight: 1080,
    rotationDegrees: 90,
    sampleAspectRatio: { num: 4, den: 3 },
    startTimeSeconds: 0.021,
    declaredDurationSeconds: 62.5,
    averageFrameRate: 30000 / 1001,
    pixelFormat: "yuv420p10le",
    colorMatrix: "bt2020nc",
    colorPrimaries: "bt2020",
    colorRange: "tv",
    colorTransfer: "arib-std-b67",
    highDynamicRange: true,
  });
});

test("cover art and sound are no video", () => {
  const lines = [
    "Input #0, mp3, from 'a.mp3':",
    "  Duration: N/A, bitrate: 128 kb/s",
    "  Stream #0:0: Audio: mp3, 44100 Hz",
    "  Stream #0:1: Video: mjpeg (Baseline), yuvj420p(pc), 300x300 [SAR 1:1 DAR 1:1], 90k tbr, 90k tbn (attached pic)",
  ];
  expect(() => parseBanner(lines)).toThrow(/0: audio, 1: cover art/);
  const moving = parseBanner([...lines.slice(0, 2), "  Stream #0:0: Video: gif, bgra, 20x10, 25 fps, 25 tbr, 100 tbn"]);
  expect(moving).toMatchObject({
    codec: "gif",
    pixelFormat: "bgra",
    width: 20,
    declaredDurationSeconds: null,
    colorRange: "unknown",
  });
});

test("packet lines: keyframes have no flags printed, discarded ones have", () => {
  expect(parseTimeBase("#software: x\n#tb 0: 1/15360\n#media_type 0: video")).toEqual({ num: 1, den: 15360 });
  expect(parseTimeBase("0, 1, 2")).toBeNull();
  expect(parsePacketLine("0,      -1024,          0,      512,     1234, 0x01234567")).toEqual({
    pts: 0,
    dts: -1024,
    duration: 512,
    keyframe: true,
    discard: false,
  });
  expect(parsePacketLine("0, 1, -512, 512, 99, 0x1, F=0x4")).toEqual({
    pts: -512,
    dts: 1,
    duration: 512,
    keyframe: false,
    discard: true,
  });
  expect(parsePacketLine("0, NOPTS, NOPTS, 1, 99, 0x1, F=0x0")).toMatchObject({ pts: null, keyframe: false });
  expect(parsePacketLine("0, -9223372036854775808, -9223372036854775808, 1, 9, 0x1")).toMatchObject({ pts: null });
  expect(parsePacketLine("#tb 0: 1/2")).toBeNull();
});

test("damage: the warning belongs to the frame that the decoder names next, in old and new logs", () => {
  const read = (log: string) => {
    const reader = new DamageReader();
    return log.split("\n").flatMap((line) => reader.damagedTime(line) ?? []);
  };
  const old = `decoder -> ist_index:0 type:video frame_pts:4096 frame_pts_time:0.26 best_effort_ts:4096 best_effort_ts_time:0.26 keyframe:0
a.mp4: corrupt decoded frame in stream 0
decoder -> ist_index:0 type:video frame_pts:4608 frame_pts_time:0.3 best_effort_ts:4608 best_effort_ts_time:0.3 keyframe:0
a.mp4: corrupt decoded frame in stream 0
demuxer -> ist_index:0 type:video next_dts:NOPTS pkt_pts:7 pkt_dts:7
decoder -> ist_index:0 type:video frame_pts:NOPTS frame_pts_time:NOPTS best_effort_ts:-512 best_effort_ts_time:-0.03 keyframe:0
decoder -> ist_index:0 type:video frame_pts:5632 frame_pts_time:0.36 best_effort_ts:5632 best_effort_ts_time:0.36 keyframe:0`;
  expect(read(old)).toEqual([4608, -512]);
  const recent = `[vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] corrupt decoded frame
[vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] decoder -> pts:6144 pts_time:0.4 pkt_dts:6100 pkt_dts_time:0.4 duration:0 keyframe:1
[vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] decoder -> pts:6656 pts_time:0.43 pkt_dts:6656 pkt_dts_time:0.43 duration:0 keyframe:0`;
  expect(read(recent)).toEqual([6144]);
});

test("streams are told apart, and the output's are not counted", () => {
  const streams = parseStreams([
    "Input #0, matroska,webm, from 'a.mkv':",
    "  Stream #0:0: Video: h264 (High), yuv420p, 640x360, 25 fps, 25 tbr, 1k tbn",
    "  Stream #0:1(eng): Audio: aac",
    "  Stream #0:2: Video: h264 (High), yuv420p(progressive), 1280x720 [SAR 1:1 DAR 16:9], 25 fps (default)",
    "Stream mapping:",
    "  Stream #0:0 -> #0:0 (copy)",
    "Output #0, framecrc, to 'pipe:':",
    "  Stream #0:0: Video: h264 (High), yuv420p, 640x360",
  ]);
  expect(streams.map(({ index, kind, width, preferred }) => [index, kind, width, preferred])).toEqual([
    [0, "video", 640, false],
    [1, "audio", 0, false],
    [2, "video", 1280, true],
  ]);
  expect(chooseStream(streams).index).toBe(0);
  expect(chooseStream(streams, "best").index).toBe(2);
  expect(chooseStream(streams, 2).index).toBe(2);
  expect(() => chooseStream(streams, 1)).toThrow(
    /Expected moving pictures in stream 1, found the streams 0: video, 1: audio/,
  );
});

test("rates of the 1001 family are exact, and a repetition is no reason", () => {
  expect(
    ["23.98", "29.97", "59.94", "25", "11.75", "1k"].map((rate) => parseRate(`Video: h264, ${rate} fps, 90k tbn`)),
  ).toEqual([24000 / 1001, 30000 / 1001, 60000 / 1001, 25, 11.75, 1000]);
  expect(lastReason(["moov atom not found", "    Last message repeated 3 times"])).toBe("moov atom not found");
});
