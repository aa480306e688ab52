import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test, vi } from "vitest";
import { ffmpegForTests } from "../../test/ffmpeg-for-tests.js";
import { encodeFixture, temporaryFolder } from "../../test/fixture-video.js";
import { numbersIn } from "../../test/numbers-in.js";
import { sampleFrames } from "../sample/sample-frames-node.js";
import { orientationInBitstream } from "./display-orientation-sei.js";

const folder = temporaryFolder();
afterAll(() => {
  vi.unstubAllEnvs();
  folder.remove();
});

/** A raw stream whose pictures lie turned, and which says so only in an SEI message before its first picture. */
async function turned(codec: "h264" | "hevc", degrees: 90 | 180 | 270): Promise<string> {
  const encoder =
    codec === "h264"
      ? { bFrames: 0 }
      : { encoder: "libx265", encoderOptions: { preset: "ultrafast", "x265-params": "log-level=none:bframes=0" } };
  const plain = await encodeFixture(folder.file(`plain-${degrees}.${codec}`), {
    ...encoder,
    frameCount: 30,
    tickRate: 30,
    pts: (i) => i,
    rotationDegrees: degrees,
  });
  // cancel 0, flips 0, 16 bits anticlockwise, persistence and the rest.
  const bits = ((((360 - degrees) * 65536) / 360) << 5) | 0b10000;
  const header = codec === "h264" ? [6] : [39 << 1, 1];
  const payload = [47, 3, (bits >> 16) & 255, (bits >> 8) & 255, bits & 255, 128];
  const escaped = payload.flatMap((byte, i) =>
    i >= 2 && byte <= 3 && payload[i - 1] === 0 && payload[i - 2] === 0 ? [3, byte] : [byte],
  );
  const bytes = readFileSync(plain);
  const at = firstSlice(bytes, codec);
  const path = folder.file(`turned-${degrees}.${codec}`);
  writeFileSync(
    path,
    Buffer.concat([bytes.subarray(0, at), Buffer.from([0, 0, 0, 1, ...header, ...escaped]), bytes.subarray(at)]),
  );
  return path;
}

function firstSlice(bytes: Buffer, codec: "h264" | "hevc"): number {
  for (let at = 0; at + 4 < bytes.length; at++) {
    if (bytes.readUIntBE(at, 3) !== 1) continue;
    const unit = bytes[at + 3] as number;
    const type = codec === "h264" ? unit & 31 : (unit >> 1) & 63;
    if (codec === "h264" ? type === 1 || type === 5 : type < 32) return at > 0 && bytes[at - 1] === 0 ? at - 1 : at;
  }
  throw new Error("no slice");
}

describe.each(["h264", "hevc"] as const)("%s", (codec) => {
  test.each([90, 180, 270] as const)(
    "turned by %s degrees in the bitstream alone, raw and in MP4, by both backends",
    async (degrees) => {
      vi.stubEnv("FFMPEG_BIN", ffmpegForTests);
      const raw = await turned(codec, degrees);
      const muxed = folder.file(`turned-${codec}-${degrees}.mp4`);
      execFileSync(ffmpegForTests, ["-v", "error", "-y", "-r", "30", "-i", raw, "-c", "copy", muxed], {
        stdio: "ignore",
      });
      for (const path of [raw, muxed])
        for (const backend of ["node-av", "ffmpeg"] as const) {
          const sampled = await sampleFrames(path, { type: "indices", indices: [0, 7, 29] }, { backend });
          expect(sampled.info).toMatchObject({ rotationDegrees: degrees, width: degrees === 180 ? 128 : 96 });
          expect(numbersIn(sampled)).toEqual([0, 7, 29]);
        }
    },
  );
});

test("a message that cancels, another one, or none asks for nothing", () => {
  const unit = (...payload: number[]) => Uint8Array.from([0, 0, 1, 6, ...payload, 128, 0, 0, 1, 0x65, 0]);
  expect(orientationInBitstream("h264", unit(47, 3, 0x18, 0, 16), null)).toMatchObject({ degrees: 90 });
  expect(orientationInBitstream("h264", unit(47, 3, 0x98, 0, 16), null)).toBeNull();
  expect(orientationInBitstream("h264", unit(5, 3, 0x18, 0, 16), null)).toBeNull();
  expect(orientationInBitstream("h264", new Uint8Array(0), null)).toBeNull();
  expect(orientationInBitstream("vp9", unit(47, 3, 0x18, 0, 16), null)).toBeNull();
});
