/**
 * Writes the fixtures whose decoded planes are compared with ffmpeg's: `npx tsx test/make-fixtures.ts` fills test/fixtures.
 * They are committed, since encoders may give other bytes on another processor; then run tools/golden/video-sampler-planes.py.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FIXTURES } from "./fixture-table.js";
import { encodeFixture } from "./fixture-video.js";

const folder = fileURLToPath(new URL("./fixtures/", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, { firstFrame: _, ...options }] of Object.entries(FIXTURES))
  await encodeFixture(folder + name, { frameCount: 40, ...options });

/** Overwrites bytes in the middle of a file, as a bad disk would. */
function damage(name: string, from: string, at: readonly number[]): void {
  const bytes = readFileSync(folder + from);
  for (const share of at) bytes.fill(0x5a, Math.round(bytes.length * share), Math.round(bytes.length * share) + 6);
  writeFileSync(folder + name, bytes);
}
damage("damaged.h264.mp4", "h264-gop12.mp4", [0.3, 0.42, 0.55]);
damage("damaged.hevc.m2t", "hevc.m2t", [0.3, 0.55]);
damage("damaged.mpeg4.mp4", "mpeg4.mp4", [0.3, 0.55]);
damage("damaged.h264.m2t", "h264.m2t", [0.3, 0.55]);
// Begins in the middle of a GOP: nothing before the first keyframe can be right.
const ts = readFileSync(`${folder}h264.m2t`);
writeFileSync(`${folder}damaged-start.h264.m2t`, ts.subarray(188 * Math.round(ts.length / 188 / 3)));
