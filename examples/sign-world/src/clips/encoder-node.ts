import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { rgbToYuv420 } from "../drawing/yuv.js";

/** Thrown when no H.264 encoder is at hand, or when the one at hand fails. */
export class ClipEncodingError extends Error {
  override readonly name = "ClipEncodingError";
  /** `ENCODER_MISSING`: nothing to encode with. `ENCODING_FAILED`: the encoder said no (message and cause tell why). */
  readonly code: "ENCODER_MISSING" | "ENCODING_FAILED";
  constructor(code: ClipEncodingError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Writes clips as H.264 in MP4. */
export interface ClipEncoder {
  /** `node-av` (libav in this process) or the path of the ffmpeg program. */
  readonly id: string;
  /** Encodes RGB frames of equal, even size into a file that appears only when it is complete. */
  encode(frames: readonly Uint8Array[], options: EncodeOptions): Promise<void>;
}

/** Where and how to encode. */
export interface EncodeOptions {
  /** The MP4 file to write. */
  readonly path: string;
  /** Pixels, even. */
  readonly width: number;
  /** Pixels, even. */
  readonly height: number;
  /** Frames a second. */
  readonly fps: number;
}

/**
 * The x264 settings of both encoders. One thread and bit-exact muxing: the same frames give the same bytes. Lookahead
 * and weighted prediction are off because their analysis is not reproducible at this size: 10 of 700 repeated encodings
 * differed with lookahead, none without.
 */
const X264 = {
  preset: "veryfast",
  crf: "18",
  g: "48",
  bf: "0",
  weightp: "0",
  threads: "1",
  "x264-params": "rc-lookahead=0:sync-lookahead=0:mbtree=0",
} as const;

/**
 * Opens the first encoder that works: node-av in process, else the ffmpeg program (`FFMPEG_BIN`, ffmpeg-static, PATH).
 *
 * @param prefer `node-av` or `ffmpeg` insists on one of them.
 * @throws {ClipEncodingError} `ENCODER_MISSING` if there is none.
 */
export async function openClipEncoder(prefer?: "node-av" | "ffmpeg"): Promise<ClipEncoder> {
  if (prefer !== "ffmpeg") {
    const encoder = await openNodeAv();
    if (encoder) return encoder;
  }
  if (prefer !== "node-av") {
    for (const program of await ffmpegCandidates()) {
      if (await hasX264(program)) return ffmpegEncoder(program);
    }
  }
  throw new ClipEncodingError(
    "ENCODER_MISSING",
    `no H.264 encoder: expected ${prefer ?? "node-av or the ffmpeg program with libx264"}, found none; install ffmpeg, or set FFMPEG_BIN to its path`,
  );
}

async function openNodeAv(): Promise<ClipEncoder | null> {
  const fix = Promise as { withResolvers?: unknown };
  fix.withResolvers ??= function withResolvers<T>() {
    let resolve!: (value: T) => void;
    let reject!: (reason: unknown) => void;
    const promise = new Promise<T>((a, b) => {
      [resolve, reject] = [a, b];
    });
    return { promise, resolve, reject };
  };
  const [lib, constants] = await Promise.all([import("node-av/lib"), import("node-av/constants")]).catch(
    () => [null, null] as const,
  );
  if (!lib || !constants || !lib.Codec.findEncoderByName(constants.FF_ENCODER_LIBX264)) return null;
  lib.Log.setLevel(constants.AV_LOG_ERROR);

  const encode = (frames: readonly Uint8Array[], target: string, { width, height, fps }: EncodeOptions): void => {
    const check = (code: number, what: string): void => lib.FFmpegError.throwIfError(code, what);
    const codec = lib.Codec.findEncoderByName(constants.FF_ENCODER_LIBX264);
    const format = new lib.FormatContext();
    const context = new lib.CodecContext();
    const packet = new lib.Packet();
    packet.alloc();
    try {
      check(format.allocOutputContext2(null, "mp4", target), "allocOutputContext2");
      format.setFlags(constants.AVFMT_FLAG_BITEXACT);
      context.allocContext3(codec);
      context.width = width;
      context.height = height;
      context.pixelFormat = constants.AV_PIX_FMT_YUV420P;
      context.timeBase = new lib.Rational(1, fps);
      context.framerate = new lib.Rational(fps, 1);
      context.colorRange = constants.AVCOL_RANGE_MPEG;
      context.colorSpace = constants.AVCOL_SPC_SMPTE170M;
      context.colorPrimaries = constants.AVCOL_PRI_SMPTE170M;
      context.colorTrc = constants.AVCOL_TRC_SMPTE170M;
      context.setFlags(constants.AV_CODEC_FLAG_GLOBAL_HEADER, constants.AV_CODEC_FLAG_BITEXACT);
      // Not through a Dictionary: node-av 6.1.1 frees the one given to open2 twice, and the process dies in a finalizer.
      for (const [key, value] of Object.entries(X264)) check(context.setOption(key, value), `option ${key}`);
      check(context.open2Sync(codec, null), "open2");
      const stream = format.newStream(codec);
      stream.timeBase = context.timeBase;
      check(stream.codecpar.fromContext(context), "codecpar");
      check(format.openOutputSync(), "openOutput");
      check(format.writeHeaderSync(), "writeHeader");
      const drain = (): void => {
        while (context.receivePacketSync(packet) >= 0) {
          packet.duration = 1n;
          packet.streamIndex = stream.index;
          packet.rescaleTs(context.timeBase, stream.timeBase);
          check(format.interleavedWriteFrameSync(packet), "writeFrame");
        }
      };
      frames.forEach((rgb, i) => {
        const frame = lib.Frame.fromVideoBuffer(Buffer.from(rgbToYuv420(rgb, width, height)), {
          width,
          height,
          format: constants.AV_PIX_FMT_YUV420P,
          timeBase: { num: 1, den: fps },
          pts: BigInt(i),
        });
        frame.duration = 1n;
        check(context.sendFrameSync(frame), "sendFrame");
        frame.free();
        drain();
      });
      check(context.sendFrameSync(null), "flush");
      drain();
      check(format.writeTrailerSync(), "writeTrailer");
    } finally {
      packet.free();
      context.freeContext();
      format.closeOutputSync();
    }
  };
  return {
    id: "node-av",
    encode: (frames, options) => whole(options, async (target) => encode(frames, target, options)),
  };
}

async function ffmpegCandidates(): Promise<string[]> {
  const bundled = (await import("ffmpeg-static").catch(() => null))?.default as unknown;
  return [
    process.env.FFMPEG_BIN,
    typeof bundled === "string" && existsSync(bundled) ? bundled : undefined,
    "ffmpeg",
  ].filter((program): program is string => Boolean(program));
}

async function hasX264(program: string): Promise<boolean> {
  const result = await runProgram(program, ["-hide_banner", "-encoders"], []).catch(() => null);
  return result?.includes("libx264") ?? false;
}

function ffmpegEncoder(program: string): ClipEncoder {
  const encode = async (
    frames: readonly Uint8Array[],
    target: string,
    { width, height, fps }: EncodeOptions,
  ): Promise<void> => {
    const input = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-r", `${fps}`, "-i", "pipe:0"];
    const colours = [
      "-color_range",
      "tv",
      "-colorspace",
      "smpte170m",
      "-color_primaries",
      "smpte170m",
      "-color_trc",
      "smpte170m",
    ];
    const codec = ["-c:v", "libx264", ...Object.entries(X264).flatMap(([key, value]) => [`-${key}`, value])];
    const exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "mp4", "-y", target];
    await runProgram(
      program,
      ["-v", "error", ...input, ...codec, ...colours, ...exact],
      frames.map((rgb) => rgbToYuv420(rgb, width, height)),
    );
  };
  return { id: program, encode: (frames, options) => whole(options, (target) => encode(frames, target, options)) };
}

/** Encodes under a temporary name and renames, so that a killed run leaves no half clip behind. */
async function whole(options: EncodeOptions, encode: (target: string) => Promise<void>): Promise<void> {
  const target = `${options.path}.${process.pid}.part`;
  try {
    await encode(target);
    await rename(target, options.path);
  } catch (cause) {
    await rm(target, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClipEncodingError(
      "ENCODING_FAILED",
      `cannot write the clip ${options.path}: ${reason}; check that the folder exists and the disk is not full`,
      { cause },
    );
  }
}

function runProgram(program: string, args: readonly string[], input: readonly Uint8Array[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on("error", reject);
    child.stdin.on("error", () => {}); // the exit code and stderr tell what happened
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${program} ended with code ${code}: ${errors.trim().split("\n").at(-1) ?? ""}`));
    });
    child.stdin.end(Buffer.concat(input));
  });
}
