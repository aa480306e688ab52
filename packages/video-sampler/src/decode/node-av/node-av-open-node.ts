import type { CodecContext, CodecParameters, FormatContext, Packet, Stream } from "node-av/lib";
import { DecodeFailedError, DecoderMissingError, NotMediaError } from "../../errors.js";
import type { PacketEntry } from "../../plan/frame-index.js";
import { CONTAINER_ALLOW_LIST } from "../../source/container-signature.js";
import type { ColorTags } from "../../source/mp4-facts.js";
import type { RemoteMedia } from "../../source/remote-media.js";
import type { VideoInfo } from "../../video/sampled-video.js";
import { checkPixels, type SamplingLimits } from "../../video/sampling-limits.js";
import { chooseStream, type StreamChoice } from "../choose-stream.js";
import { colorNames, isHighDynamicRange } from "../color-names.js";
import { orientationInBitstream } from "../display-orientation-sei.js";
import { type DisplayRotation, rotationFromDisplayMatrix, UPRIGHT } from "../display-rotation.js";
import type { NodeAv } from "./node-av-loader-node.js";
import { PacketReader } from "./packet-reader-node.js";

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
  /** Gives the packets of the stream, the one that was looked into as well. */
  readonly packets: PacketReader;
  /** What the container or the bitstream says about colours, for frames that do not say it themselves. */
  readonly color: ColorTags;
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
  /** Which video stream. */
  readonly stream?: StreamChoice | undefined;
  /** Bounds for untrusted sources. */
  readonly limits?: SamplingLimits | undefined;
  /** What an MP4 says about the colours of its streams, by index. */
  readonly containerColors?: readonly (ColorTags | null)[];
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
    const stream = findVideoStream(av, format, options.stream);
    for (const other of format.streams) if (other.index !== stream.index) other.discard = av.constants.AVDISCARD_ALL;
    checkPixels({ codedWidth: stream.codecpar.width, codedHeight: stream.codecpar.height }, options.limits);
    const decoder = lib.Codec.findDecoder(stream.codecpar.codecId);
    if (decoder === null)
      throw new DecoderMissingError(
        `No decoder for codec "${lib.avGetCodecName(stream.codecpar.codecId)}" in node-av; transcode the video, or try backend "ffmpeg" with a build that has it.`,
      );
    codec.allocContext3(decoder);
    codec.parametersToContext(stream.codecpar);
    codec.pktTimebase = stream.timeBase;
    codec.threadCount = options.threads;
    codec.setOption("max_pixels", String(options.limits?.maxPixels ?? 2 ** 26));
    const opened = await codec.open2(decoder);
    if (opened < 0)
      throw new DecoderMissingError(
        `The decoder "${decoder.name}" refused the stream: ${lib.FFmpegError.strerror(opened)}. The header may be damaged.`,
      );
    const first = readFirstPacket(av, format, stream);
    const rotation = readRotation(av, stream, first);
    const { info, color } = describe(av, format, stream, rotation, options);
    return {
      format,
      codec,
      streamIndex: stream.index,
      canSkipNonReference: ["h264", "hevc"].includes(info.codec),
      info,
      rotation,
      packets: new PacketReader(format, stream.index, first),
      color,
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

/** An empty packet; free it when done. */
export function newPacket({ lib }: NodeAv): Packet {
  const packet = new lib.Packet();
  packet.alloc();
  return packet;
}

/** One packet as the frame index wants it. */
export function packetEntry({ constants }: NodeAv, packet: Packet): PacketEntry {
  const { pts, dts, duration, flags, isKeyframe } = packet;
  return {
    pts: pts === constants.AV_NOPTS_VALUE ? null : Number(pts),
    dts: dts === constants.AV_NOPTS_VALUE ? null : Number(dts),
    duration: Number(duration),
    keyframe: isKeyframe,
    discard: (flags & constants.AV_PKT_FLAG_DISCARD) !== 0,
  };
}

/** The stream that is sampled. @throws NoVideoStreamError */
export function findVideoStream(av: NodeAv, format: FormatContext, choice?: StreamChoice): Stream {
  const { AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO, AV_DISPOSITION_ATTACHED_PIC } = av.constants;
  const { AV_DISPOSITION_TIMED_THUMBNAILS, AV_DISPOSITION_DEFAULT } = av.constants;
  const streams = format.streams.map((stream) => {
    const { codecType, width, height } = stream.codecpar;
    return {
      stream,
      index: stream.index,
      kind: codecType === AVMEDIA_TYPE_VIDEO ? "video" : codecType === AVMEDIA_TYPE_AUDIO ? "audio" : "data",
      width,
      height,
      still: (stream.disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) !== 0,
      preferred: (stream.disposition & AV_DISPOSITION_DEFAULT) !== 0,
    };
  });
  return chooseStream(streams, choice).stream;
}

/** The first packet of a stream; the caller owns it. */
function readFirstPacket(av: NodeAv, format: FormatContext, stream: Stream): Packet | null {
  const packet = newPacket(av);
  while (format.readFrameSync(packet) >= 0) {
    if (packet.streamIndex === stream.index) return packet;
    packet.unref();
  }
  packet.free();
  return null;
}

/** What the container says; where it says nothing, what the bitstream asks for. */
function readRotation(av: NodeAv, stream: Stream, first: Packet | null): DisplayRotation {
  const { codecpar } = stream;
  const matrix = codecpar.getCodedSideData(av.constants.AV_PKT_DATA_DISPLAYMATRIX);
  if (matrix !== null && matrix.length >= 36) return rotationFromDisplayMatrix(matrix);
  const codec = av.lib.avGetCodecName(codecpar.codecId) ?? "";
  return orientationInBitstream(codec, first?.data ?? new Uint8Array(0), codecpar.extradata) ?? UPRIGHT;
}

function describe(
  av: NodeAv,
  format: FormatContext,
  stream: Stream,
  rotation: DisplayRotation,
  options: NodeAvOpenOptions,
): { readonly info: VideoInfo; readonly color: ColorTags } {
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
  const color = withContainerColor(parameters, options.containerColors?.[stream.index] ?? null);
  const colors = colorNames(color);
  const info: VideoInfo = {
    streamIndex: stream.index,
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
    ...colors,
    highDynamicRange: isHighDynamicRange(colors.colorTransfer),
  };
  return { info, color };
}

const UNSPECIFIED = 2;

/** What libav found, the bitstream first, and for what it did not find what the container says. */
function withContainerColor(parameters: CodecParameters, container: ColorTags | null): ColorTags {
  const { colorPrimaries, colorTrc, colorSpace, colorRange } = parameters;
  const known = (own: number, other: number | undefined) => (own === UNSPECIFIED ? (other ?? own) : own);
  return {
    primaries: known(colorPrimaries, container?.primaries),
    transfer: known(colorTrc, container?.transfer),
    matrix: known(colorSpace, container?.matrix),
    fullRange: colorRange === 0 ? (container?.fullRange ?? null) : colorRange === 2,
  };
}

function declaredDuration(stream: Stream, format: FormatContext, known: (t: bigint) => boolean): number | null {
  if (known(stream.duration) && stream.duration > 0n)
    return (Number(stream.duration) * stream.timeBase.num) / stream.timeBase.den;
  return known(format.duration) && format.duration > 0n ? Number(format.duration) / 1e6 : null;
}
