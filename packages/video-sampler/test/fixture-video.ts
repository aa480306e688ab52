import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNodeAv } from "../src/decode/node-av/node-av-loader-node.js";

/** What a fixture video is made of. Every frame carries its own number as a bar code, so a test can see which it got. */
export interface FixtureOptions {
  width?: number;
  height?: number;
  frameCount?: number;
  /** Ticks per second. */
  tickRate?: number;
  /** Presentation time of frame i in ticks. */
  pts?: (index: number) => number;
  encoder?: string;
  encoderOptions?: Record<string, string>;
  gop?: number;
  bFrames?: number;
  pixelFormat?: string;
  /** Stored turned, with a display matrix that turns it upright (clockwise). */
  rotationDegrees?: keyof typeof DISPLAY_MATRICES;
  sampleAspectRatio?: { num: number; den: number };
  color?: { space: number; range: number; transfer: number; primaries?: number };
  formatOptions?: Record<string, string>;
  muxer?: string;
}

/** Clockwise display matrices, 16.16 with the last column 2.30. */
export const DISPLAY_MATRICES = {
  90: [0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30],
  0: [65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30],
  180: [-65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30],
  270: [0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30],
} as const;

/** Bar-code cells: 16 bits in two rows of eight, filling the picture's upper half. */
const BITS = 16;

/** A temporary folder that is removed by `remove`. */
export function temporaryFolder(): { path: string; file: (name: string) => string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "video-sampler-"));
  return { path, file: (name) => join(path, name), remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Luma of frame `index` as stored: bar code above and a moving gradient below once it is upright. */
function luma(index: number, width: number, height: number, rotationDegrees: number): Uint8Array {
  const pixels = new Uint8Array(width * height);
  const [uprightWidth, uprightHeight] = rotationDegrees % 180 === 0 ? [width, height] : [height, width];
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [x, y] = uprightPosition(column, row, width, height, rotationDegrees);
      const bit = Math.floor((y * 4) / uprightHeight) * 8 + Math.floor((x * 8) / uprightWidth);
      pixels[row * width + column] =
        bit < BITS ? ((index >> bit) & 1 ? 220 : 40) : 40 + ((x * 3 + y * 2 + index * 5) % 160);
    }
  return pixels;
}

/** Where a stored pixel ends up after turning clockwise. */
function uprightPosition(x: number, y: number, width: number, height: number, degrees: number): [number, number] {
  if (degrees === 90) return [height - 1 - y, x];
  if (degrees === 180) return [width - 1 - x, height - 1 - y];
  return degrees === 270 ? [y, width - 1 - x] : [x, y];
}

/** Reads the bar code out of an upright RGB picture. */
export function readFrameNumber(image: Uint8Array, width: number, height: number): number {
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const x = Math.floor(((bit % 8) + 0.5) * (width / 8));
    const y = Math.floor((Math.floor(bit / 8) + 0.5) * (height / 4));
    if ((image[(y * width + x) * 3 + 1] as number) > 128) number |= 1 << bit;
  }
  return number;
}

/** Encodes a fixture with node-av's own encoders and muxers. */
export async function encodeFixture(path: string, options: FixtureOptions = {}): Promise<string> {
  process.env.SVT_LOG = "-2"; // SVT-AV1 prints its settings otherwise
  const { lib, constants } = await loadNodeAv();
  const { width = 128, height = 96, frameCount = 60, tickRate = 15360, gop = 12, bFrames = 2 } = options;
  const {
    pts = (index: number) => index * 512,
    encoder = "libx264",
    pixelFormat = "yuv420p",
    rotationDegrees = 0,
  } = options;
  const check = (code: number, what: string) => lib.FFmpegError.throwIfError(code, what);
  const format = new lib.FormatContext();
  check(format.allocOutputContext2(null, options.muxer ?? null, path), "allocOutputContext2");
  const codec = lib.Codec.findEncoderByName(encoder as never);
  if (codec === null) throw new Error(`node-av has no encoder ${encoder}`);
  const context = new lib.CodecContext();
  context.allocContext3(codec);
  const timeBase = new lib.Rational(1, tickRate);
  context.width = width;
  context.height = height;
  context.pixelFormat = lib.avGetPixFmtFromName(pixelFormat);
  context.timeBase = timeBase;
  context.framerate = new lib.Rational(30, 1);
  context.gopSize = gop;
  context.maxBFrames = bFrames;
  if (options.sampleAspectRatio) context.sampleAspectRatio = lib.Rational.fromObject(options.sampleAspectRatio);
  if (options.color) {
    context.colorSpace = options.color.space as never;
    context.colorRange = options.color.range as never;
    context.colorTrc = options.color.transfer as never;
    context.colorPrimaries = (options.color.primaries ?? 2) as never;
  }
  if (format.oformat !== null && (Number(format.oformat.flags) & 0x40) !== 0)
    context.setFlags(constants.AV_CODEC_FLAG_GLOBAL_HEADER);
  const defaults: Record<string, string> =
    encoder === "libx264" ? { preset: "veryfast", crf: "20", "x264-params": "log-level=-1:scenecut=0" } : {};
  const settings = lib.Dictionary.fromObject({ threads: "1", ...defaults, ...options.encoderOptions });
  check(await context.open2(codec, settings), "open2"); // the synchronous one frees the settings twice
  const stream = format.newStream(codec);
  stream.timeBase = timeBase;
  stream.avgFrameRate = new lib.Rational(30, 1);
  check(context.parametersFromContext(stream.codecpar), "parametersFromContext");
  if (options.sampleAspectRatio) stream.sampleAspectRatio = lib.Rational.fromObject(options.sampleAspectRatio);
  if (rotationDegrees !== 0) {
    const matrix = Buffer.alloc(36);
    for (const [i, value] of DISPLAY_MATRICES[rotationDegrees].entries()) matrix.writeInt32LE(value, i * 4);
    check(stream.codecpar.addCodedSideData(constants.AV_PKT_DATA_DISPLAYMATRIX, matrix), "addCodedSideData");
  }
  check(await format.openOutput(), "openOutput");
  check(await format.writeHeader(lib.Dictionary.fromObject(options.formatOptions ?? {})), "writeHeader");
  const packet = new lib.Packet();
  packet.alloc();
  const flush = async () => {
    while (context.receivePacketSync(packet) >= 0) {
      packet.streamIndex = stream.index;
      packet.rescaleTs(timeBase, stream.timeBase);
      check(await format.interleavedWriteFrame(packet), "interleavedWriteFrame");
    }
  };
  const format8 = lib.avGetPixFmtFromName("yuv420p");
  const converter =
    pixelFormat === "yuv420p" ? null : (await loadNodeAv()).FilterAPI.create(`format=${pixelFormat}`, { threads: 1 });
  for (let i = 0; i < frameCount; i++) {
    const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
    const bytes = Buffer.alloc(width * height + 2 * chroma, 128);
    bytes.set(luma(i, width, height, rotationDegrees));
    bytes.fill(90 + (i % 70), width * height, width * height + chroma);
    const frame = lib.Frame.fromVideoBuffer(bytes, { width, height, format: format8, timeBase, pts: BigInt(pts(i)) });
    frame.duration = BigInt(pts(i + 1) - pts(i));
    if (options.color) {
      frame.colorSpace = options.color.space as never;
      frame.colorRange = options.color.range as never;
      frame.colorTrc = options.color.transfer as never;
    }
    const frames = converter === null ? [frame] : converter.processAllSync(frame);
    for (const ready of frames) {
      check(context.sendFrameSync(ready), "sendFrame");
      ready.free();
    }
    await flush();
  }
  check(context.sendFrameSync(null), "sendFrame");
  await flush();
  check(await format.writeTrailer(), "writeTrailer");
  await format.closeOutput();
  converter?.close();
  packet.free();
  context.freeContext();
  format.freeContext();
  return path;
}
