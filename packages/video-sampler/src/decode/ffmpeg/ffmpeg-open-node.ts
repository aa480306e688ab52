import { DecodeFailedError, LimitExceededError, NotMediaError } from "../../errors.js";
import type { PacketEntry } from "../../plan/frame-index.js";
import { CONTAINER_ALLOW_LIST } from "../../source/container-signature.js";
import type { ColorTags } from "../../source/mp4-facts.js";
import type { VideoInfo } from "../../video/sampled-video.js";
import { checkFrameCount, type SamplingLimits } from "../../video/sampling-limits.js";
import { chooseStream, type StreamChoice } from "../choose-stream.js";
import { colorNames, completeColors, isHighDynamicRange } from "../color-names.js";
import { orientationInBitstream } from "../display-orientation-sei.js";
import type { DisplayRotation } from "../display-rotation.js";
import { runFfmpeg } from "./ffmpeg-program-node.js";
import {
  type BannerInfo,
  type BannerStream,
  lastReason,
  parseBanner,
  parsePacketLine,
  parseStreams,
  parseTimeBase,
  sawInput,
} from "./ffmpeg-report.js";

/** Options of {@link openWithFfmpeg}. */
export interface FfmpegOpenOptions {
  /** The program. */
  readonly program: string;
  /** What ffmpeg opens: a path or URL. */
  readonly url: string;
  /** Protocols ffmpeg may use for it and anything it refers to. */
  readonly protocols: string;
  /** Decoder threads. */
  readonly threads: number;
  /** Which video stream. */
  readonly stream: StreamChoice | undefined;
  /** Bounds for untrusted sources. */
  readonly limits: SamplingLimits | undefined;
  /** What an MP4 says about the colours of its streams, by index; ffmpeg forgets it where the bitstream says "unspecified". */
  readonly containerColors: readonly (ColorTags | null)[];
}

/** What was learned of a video by listing its packets. */
export interface FfmpegOpened {
  /** About the stream. */
  readonly info: VideoInfo;
  /** Its packets in decode order. */
  readonly packets: PacketEntry[];
  /** Filters that every frame must pass before it is converted. */
  readonly preparation: readonly string[];
  /** Whether `preparation` turns the picture, so that the program must not do it by itself. */
  readonly turnsItself: boolean;
}

/** The arguments that name the input and hold ffmpeg to it. */
export function inputArguments({ protocols, url, limits }: FfmpegOpenOptions): string[] {
  const { maxPixels = 2 ** 26 } = limits ?? {};
  return [
    ...["-protocol_whitelist", protocols, "-format_whitelist", CONTAINER_ALLOW_LIST.join(",")],
    ...["-max_pixels", String(maxPixels), "-i", url],
  ];
}

/**
 * Opens a video by reading ffmpeg's banner and listing the packets.
 * @throws NotMediaError, NoVideoStreamError, LimitExceededError, DecodeFailedError for a header without a picture size
 */
export async function openWithFfmpeg(options: FfmpegOpenOptions, signal?: AbortSignal): Promise<FfmpegOpened> {
  const input = ["-copyts", ...inputArguments(options)];
  // "best" is known only once the banner has been read; 0:V:0 is the first stream that is no cover art.
  const map = options.stream === undefined ? "0:V:0" : `0:${(await readStreams(options, signal)).index}`;
  // -copyinkf keeps packets before the first keyframe; -copyts keeps the container's own clock.
  const copy = ["-map", map, "-c", "copy", "-copyinkf", "-f", "framecrc", "-"];
  const run = runFfmpeg(options.program, [...input, ...copy], signal);
  const listing = new PacketListing(options.limits);
  try {
    for await (const chunk of run.output) listing.add(chunk.toString("latin1"));
  } finally {
    run.stop();
  }
  const { packets, timeBase } = listing.end();
  const { messages } = run;
  if (messages.some((line) => line.includes("exceeds specified max pixel count")))
    throw new LimitExceededError(
      `The video's frames are larger than the limit of ${options.limits?.maxPixels ?? 2 ** 26} pixels; raise limits.maxPixels if you trust it.`,
    );
  if (!sawInput(messages)) throw new NotMediaError(lastReason(messages));
  const stream = chooseStream(parseStreams(messages), options.stream);
  if (timeBase === null) throw new NotMediaError(lastReason(messages));
  const banner = parseBanner(messages, stream);
  if (banner.codedWidth < 1 || banner.codedHeight < 1)
    throw new DecodeFailedError("The stream declares no picture size; its header is damaged.");
  const rotation = banner.rotationDegrees === 0 ? await bitstreamRotation(options, banner, signal) : null;
  const turned = rotation !== null && rotation.degrees % 180 !== 0;
  const container = options.containerColors[stream.index] ?? null;
  const { colors, filters } = completeColors(banner, container && colorNames(container));
  const first = packets.reduce(
    (least, { pts }) => (pts === null ? least : Math.min(least, pts)),
    Number.POSITIVE_INFINITY,
  );
  const info: VideoInfo = {
    ...banner,
    ...(rotation === null ? {} : { rotationDegrees: rotation.degrees }),
    ...(turned ? { width: banner.codedHeight, height: banner.codedWidth } : {}),
    colorMatrix: colors.colorMatrix,
    colorPrimaries: colors.colorPrimaries,
    colorTransfer: colors.colorTransfer,
    colorRange: colors.colorRange,
    highDynamicRange: isHighDynamicRange(colors.colorTransfer),
    timeBase,
    streamStartTimeSeconds: Number.isFinite(first) ? (first * timeBase.num) / timeBase.den : banner.startTimeSeconds,
  };
  // Where the clock runs backwards the muxer writes times of its own; they are as good as none.
  const invented = messages.some((line) => /non.?monoton/i.test(line));
  return {
    info,
    packets: invented ? packets.map((packet) => ({ ...packet, pts: null })) : packets,
    preparation: [...filters, ...(rotation?.filters ?? [])],
    turnsItself: rotation !== null,
  };
}

/** What the first packet asks for; versions of the program differ in whether they obey it, so it is done here. */
async function bitstreamRotation(
  options: FfmpegOpenOptions,
  { codec, streamIndex }: VideoInfo | BannerInfo,
  signal: AbortSignal | undefined,
): Promise<DisplayRotation | null> {
  if (codec !== "h264" && codec !== "hevc") return null;
  const copy = ["-map", `0:${streamIndex}`, "-c", "copy", "-copyinkf", "-frames:v", "1", "-f", codec, "-"];
  const run = runFfmpeg(options.program, [...inputArguments(options), ...copy], signal);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of run.output) chunks.push(chunk);
  } finally {
    run.stop();
  }
  return orientationInBitstream(codec, Buffer.concat(chunks), null);
}

/** The chosen stream by the banner alone. */
async function readStreams(options: FfmpegOpenOptions, signal: AbortSignal | undefined): Promise<BannerStream> {
  const run = runFfmpeg(options.program, inputArguments(options), signal);
  for await (const _chunk of run.output); // without an output ffmpeg prints the banner and stops
  if (!sawInput(run.messages)) throw new NotMediaError(lastReason(run.messages));
  return chooseStream(parseStreams(run.messages), options.stream);
}

/** Reads framecrc line by line, so that a long list is never held as text. */
class PacketListing {
  readonly #packets: PacketEntry[] = [];
  readonly #limits: SamplingLimits | undefined;
  #timeBase: ReturnType<typeof parseTimeBase> = null;
  #rest = "";

  constructor(limits: SamplingLimits | undefined) {
    this.#limits = limits;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#timeBase ??= parseTimeBase(line);
      const packet = parsePacketLine(line);
      if (packet !== null) this.#packets.push(packet);
    }
    checkFrameCount(this.#packets.length, this.#limits);
  }

  end(): { readonly packets: PacketEntry[]; readonly timeBase: ReturnType<typeof parseTimeBase> } {
    this.add("\n");
    return { packets: this.#packets, timeBase: this.#timeBase };
  }
}
