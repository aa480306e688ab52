import type { CodecContext, FormatContext, Packet, Stream } from "node-av/lib";
import { DecodeFailedError, DecoderMissingError, NotMediaError, NoVideoStreamError } from "../errors.js";
import type { PacketEntry } from "../plan/frame-index.js";
import { CONTAINER_ALLOW_LIST } from "../source/container-signature.js";
import type { RemoteMedia } from "../source/remote-media.js";
import type { VideoInfo } from "../video/sampled-video.js";
import { type DisplayRotation, rotationFromDisplayMatrix, UPRIGHT } from "./display-rotation.js";
import type { NodeAv } from "./node-av-loader-node.js";

/** The native objects of one opened video, and what was learned from them. */
export interface NodeAvHandles {
  /** The demuxer. */
  readonly format: FormatContext;
  /** The decoder. */
  readonly codec: CodecContext;
  /** Index of the video stream. */
  readonly streamIndex: number;
  /** Whether skipping non-reference frames is known to be exact for this codec. */
  readonly canSkipNonReference: boolean;
  /** About the stream. */
  readonly info: VideoInfo;
  /** Upright-making filters. */
  readonly rotation: DisplayRotation;
  /** Start of the file in stream ticks. */
  readonly originTicks: number;
}

/** Options of {@link openWithNodeAv}. */
export interface NodeAvOpenOptions {
  /** What libav opens: a path or URL. */
  readonly url: string;
  /** Protocols libav may use for it and anything it refers to, such as `file`. */
  readonly protocols: string;
  /** Decoder threads; 1 costs least CPU. */
  readonly threads: number;
  /** Brings the packets of a file that is here only in parts. */
  readonly media?: RemoteMedia;
}

/**
 * Opens the demuxer and decoder of the first real video stream; cover art does not count.
 * @throws NotMediaError, NoVideoStreamError, DecoderMissingError
 */
export async function openWithNodeAv(av: NodeAv, options: NodeAvOpenOptions): Promise<NodeAvHandles> {
  const { lib } = av;
  const format = await openFormat(av, options);
  const codec = new lib.CodecContext();
  try {
    const stream = findVideoStream(av, format);
    for (const other of format.streams) if (other.index !== stream.index) other.discard = av.constants.AVDISCARD_ALL;
    const decoder = lib.Codec.findDecoder(stream.codecpar.codecId);
    if (decoder === null)
      throw new DecoderMissingError(
        `No decoder for codec "${lib.avGetCodecName(stream.codecpar.codecId)}" in node-av; transcode the video, or try backend "ffmpeg" with a build that has it.`,
      );
    codec.allocContext3(decoder);
    codec.parametersToContext(stream.codecpar);
    codec.pktTimebase = stream.timeBase;
    codec.threadCount = options.threads;
    const opened = await codec.open2(decoder);
    if (opened < 0)
      throw new DecoderMissingError(
        `The decoder "${decoder.name}" refused the stream: ${lib.FFmpegError.strerror(opened)}. The header may be damaged.`,
      );
    const rotation = readRotation(av, stream);
    const info = describe(av, format, stream, rotation);
    return {
      format,
      codec,
      streamIndex: stream.index,
      canSkipNonReference: ["h264", "hevc"].includes(info.codec),
      info,
      rotation,
      originTicks: Math.round((info.startTimeSeconds * info.timeBase.den) / info.timeBase.num),
    };
  } catch (error) {
    codec.freeContext();
    await format.closeInput();
    throw error;
  }
}

/**
 * Opens the demuxer alone.
 * @param depth `index` reads the container's own tables and looks into no packet, neither now nor later
 * @throws NotMediaError when libav finds no allowed container in it
 */
export async function openFormat(
  av: NodeAv,
  options: Pick<NodeAvOpenOptions, "url" | "protocols">,
  depth: "index" | "streams" = "streams",
): Promise<FormatContext> {
  const { lib } = av;
  const format = new lib.FormatContext();
  // Options are set on the context: node-av 6.1.1 may free a passed Dictionary twice.
  format.allocContext();
  format.setOption("protocol_whitelist", options.protocols);
  format.setOption("format_whitelist", CONTAINER_ALLOW_LIST.join(","));
  if (depth === "index") format.setOption("fflags", "+noparse");
  const opened = await format.openInput(options.url);
  if (opened < 0) throw new NotMediaError(lib.FFmpegError.strerror(opened));
  if (depth === "index") return format;
  const found = await format.findStreamInfo();
  if (found >= 0) return format;
  await format.closeInput();
  throw new NotMediaError(lib.FFmpegError.strerror(found));
}

/** One packet as the frame index wants it. */
export function packetEntry({ constants }: NodeAv, packet: Packet): PacketEntry {
  const { pts, duration, flags, isKeyframe } = packet;
  return {
    pts: pts === constants.AV_NOPTS_VALUE ? null : Number(pts),
    duration: Number(duration),
    keyframe: isKeyframe,
    discard: (flags & constants.AV_PKT_FLAG_DISCARD) !== 0,
  };
}

/** The first stream of moving pictures; cover art does not count. @throws NoVideoStreamError */
export function findVideoStream(av: NodeAv, format: FormatContext): Stream {
  const { AVMEDIA_TYPE_VIDEO, AV_DISPOSITION_ATTACHED_PIC, AV_DISPOSITION_TIMED_THUMBNAILS } = av.constants;
  const videos = format.streams.filter((stream) => stream.codecpar.codecType === AVMEDIA_TYPE_VIDEO);
  const moving = videos.find(
    (stream) => (stream.disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) === 0,
  );
  if (moving !== undefined) return moving;
  const found = videos.length > 0 ? "only cover art" : `${format.nbStreams} stream(s), none of them video`;
  throw new NoVideoStreamError(`Expected a video stream, found ${found}. Pass a file with moving pictures.`);
}

function readRotation(av: NodeAv, stream: Stream): DisplayRotation {
  const matrix = stream.codecpar.getCodedSideData(av.constants.AV_PKT_DATA_DISPLAYMATRIX);
  return matrix !== null && matrix.length >= 36 ? rotationFromDisplayMatrix(matrix) : UPRIGHT;
}

function describe(av: NodeAv, format: FormatContext, stream: Stream, rotation: DisplayRotation): VideoInfo {
  const { lib, constants } = av;
  const parameters = stream.codecpar;
  const known = (ticks: bigint): boolean => ticks !== constants.AV_NOPTS_VALUE;
  const timeBase = { num: stream.timeBase.num, den: stream.timeBase.den };
  const startTimeSeconds = known(format.startTime) ? Number(format.startTime) / 1e6 : 0;
  const turned = rotation.degrees % 180 !== 0;
  const { width, height } = parameters;
  if (width < 1 || height < 1)
    throw new DecodeFailedError(`The stream declares a picture of ${width} x ${height} pixels; its header is damaged.`);
  const aspect = stream.sampleAspectRatio.num > 0 ? stream.sampleAspectRatio : parameters.sampleAspectRatio;
  // Raw streams have no clock: libav's average is its default of 25; the codec's headers may know better.
  const raw = ["h264", "hevc", "m4v", "mpegvideo", "obu"].includes(format.iformat?.name ?? "");
  const rate = raw && parameters.frameRate.num > 0 ? parameters.frameRate : stream.avgFrameRate;
  const transfer = nameOf(TRANSFER_NAMES, parameters.colorTrc);
  return {
    container: format.iformat?.name ?? "unknown",
    codec: lib.avGetCodecName(parameters.codecId) ?? "unknown",
    width: turned ? height : width,
    height: turned ? width : height,
    codedWidth: width,
    codedHeight: height,
    rotationDegrees: rotation.degrees,
    sampleAspectRatio: aspect.num > 0 && aspect.den > 0 ? { num: aspect.num, den: aspect.den } : { num: 1, den: 1 },
    timeBase,
    startTimeSeconds,
    streamStartTimeSeconds: known(stream.startTime)
      ? (Number(stream.startTime) * timeBase.num) / timeBase.den
      : startTimeSeconds,
    declaredDurationSeconds: declaredDuration(stream, format, known),
    averageFrameRate: rate.den > 0 ? rate.num / rate.den : 0,
    pixelFormat: lib.avGetPixFmtName(parameters.format as never) ?? "unknown",
    colorMatrix: nameOf(MATRIX_NAMES, parameters.colorSpace),
    colorRange: ["unknown", "tv", "pc"][parameters.colorRange] ?? "unknown",
    colorTransfer: transfer,
    highDynamicRange: transfer === "smpte2084" || transfer === "arib-std-b67",
  };
}

function declaredDuration(stream: Stream, format: FormatContext, known: (t: bigint) => boolean): number | null {
  if (known(stream.duration) && stream.duration > 0n)
    return (Number(stream.duration) * stream.timeBase.num) / stream.timeBase.den;
  return known(format.duration) && format.duration > 0n ? Number(format.duration) / 1e6 : null;
}

const nameOf = (names: Readonly<Record<number, string>>, value: number): string => names[value] ?? "unknown";

// ISO/IEC 23091-2 code points, with the names the ffmpeg program prints.
const MATRIX_NAMES: Readonly<Record<number, string>> = {
  0: "gbr",
  1: "bt709",
  4: "fcc",
  5: "bt470bg",
  6: "smpte170m",
  7: "smpte240m",
  8: "ycgco",
  9: "bt2020nc",
  10: "bt2020c",
};
const TRANSFER_NAMES: Readonly<Record<number, string>> = {
  1: "bt709",
  4: "gamma22",
  5: "gamma28",
  6: "smpte170m",
  7: "smpte240m",
  8: "linear",
  13: "iec61966-2-1",
  14: "bt2020-10",
  15: "bt2020-12",
  16: "smpte2084",
  18: "arib-std-b67",
};
