import { locateFfmpeg, outputOf, readVersion } from "./ffmpeg/ffmpeg-program-node.js";
import { loadNodeAv } from "./node-av/node-av-loader-node.js";

/** One backend's state. */
export interface BackendReport {
  /** `node-av` or `ffmpeg`. */
  readonly backend: "node-av" | "ffmpeg";
  /** Whether it can be used here. */
  readonly usable: boolean;
  /** FFmpeg's version, or why it cannot be used and what to do. */
  readonly detail: string;
  /** Common codecs it cannot decode. */
  readonly missingDecoders: readonly string[];
}

const COMMON_DECODERS = ["h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mjpeg", "gif", "prores"];

/** Checks both backends on this machine. Never throws: problems are in the report. */
export function doctor(): Promise<BackendReport[]> {
  return Promise.all([reportNodeAv(), reportFfmpeg()]);
}

async function reportNodeAv(): Promise<BackendReport> {
  try {
    const { lib } = await loadNodeAv();
    const decoders = new Set(
      lib.Codec.getCodecList().flatMap((codec) => (codec.isDecoder() ? [lib.avGetCodecName(codec.id)] : [])),
    );
    return {
      backend: "node-av",
      usable: true,
      detail: `FFmpeg ${lib.getFFmpegInfo().version}`,
      missingDecoders: COMMON_DECODERS.filter((name) => !decoders.has(name)),
    };
  } catch (error) {
    return { backend: "node-av", usable: false, detail: reason(error), missingDecoders: COMMON_DECODERS };
  }
}

async function reportFfmpeg(): Promise<BackendReport> {
  try {
    const program = await locateFfmpeg();
    const text = await outputOf(program, ["-codecs"]);
    const version = await readVersion(program);
    const decodes = (name: string) => new RegExp(`^ D\\S+ ${name}\\b`, "m").test(text);
    return {
      backend: "ffmpeg",
      usable: true,
      detail: `FFmpeg ${version} at ${program}`,
      missingDecoders: COMMON_DECODERS.filter((name) => !decodes(name)),
    };
  } catch (error) {
    return { backend: "ffmpeg", usable: false, detail: reason(error), missingDecoders: COMMON_DECODERS };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
