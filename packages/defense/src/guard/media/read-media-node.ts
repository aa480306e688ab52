import { mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestError } from "@videosafety/endpoint/server";
import {
  type SampleOptions,
  type SamplePlan,
  sampleFrames,
  VideoSamplerError,
  type VideoSource,
} from "@videosafety/video-sampler";
import type { GuardVideo } from "../engine/guard-engine.js";
import type { MediaPart } from "../wire/chat-request.js";
import { pictureKind, readDataUrl } from "./data-url.js";
import type { MediaOptions } from "./media-options.js";

/** Seconds between pictures that are looked at as the frames of one video. */
const PICTURE_SECONDS = 1;

/**
 * Samples what one user turn shows. Pictures of a turn are the frames of one video, a second apart; a single picture is a video of one frame. Every
 * video is read by the plan that the guard was calibrated with.
 *
 * Addresses are fetched only from allowed hosts, without redirects, and files only below the allowed folder, links resolved.
 *
 * @throws RequestError 400 `unreadable_input` for what cannot be read, 403 `media_not_allowed`, 413 above a limit; the signal's reason
 */
export async function readMedia(
  parts: readonly MediaPart[],
  plan: SamplePlan,
  options: MediaOptions,
  signal?: AbortSignal,
): Promise<GuardVideo[]> {
  const pictures = parts.filter(({ type }) => type === "image");
  const videos = parts.filter(({ type }) => type === "video");
  const { maxVideos, maxPictures } = options;
  if (videos.length > maxVideos || pictures.length > maxPictures)
    throw new RequestError(
      413,
      "too_large",
      `expected at most ${maxVideos} videos and ${maxPictures} pictures in a turn, found ${videos.length} and ${pictures.length}`,
    );
  const bounded = samplingOptions(options, signal);
  const seen: GuardVideo[] = [];
  for (const { url } of videos) seen.push(await readVideo(url, plan, options, bounded));
  if (pictures.length > 0) {
    const sources: VideoSource[] = [];
    for (const { url } of pictures)
      sources.push(isData(url) ? (dataOf(url, options).pieces[0] as Uint8Array) : await allowedSource(url, options));
    seen.push(await readPictures(sources, plan, bounded));
  }
  return seen;
}

const isData = (url: string): boolean => /^data:/i.test(url);
const dataOf = (url: string, { maxSourceBytes, maxPictures }: MediaOptions) =>
  readDataUrl(url, { maxBytes: maxSourceBytes, maxPieces: maxPictures });

function samplingOptions(options: MediaOptions, signal: AbortSignal | undefined): SampleOptions {
  const { maxPixels, maxOutputBytes, maxSourceBytes, maxListedFrames, isolate, timeoutMilliseconds } = options;
  return {
    isolate,
    timeoutMs: timeoutMilliseconds,
    limits: {
      ...{ maxPixels, maxOutputBytes, maxSourceBytes, maxFrames: maxListedFrames, maxRetries: 0 },
      // A redirect could lead to a host that is not allowed.
      maxRedirects: 0,
      allowPrivateAddresses: options.allowPrivateAddresses,
    },
    ...(signal && { signal }),
  };
}

async function readVideo(
  url: string,
  plan: SamplePlan,
  options: MediaOptions,
  bounded: SampleOptions,
): Promise<GuardVideo> {
  if (!isData(url)) return sample(await allowedSource(url, options), plan, bounded);
  const { mediaType, pieces } = dataOf(url, options);
  if (mediaType === "video/jpeg") return readPictures(pieces, plan, bounded);
  return sample(pieces[0] as Uint8Array, plan, bounded);
}

/** An address that may be read. @throws RequestError 403 */
async function allowedSource(text: string, options: MediaOptions): Promise<VideoSource> {
  const refuse = (what: string): never => {
    throw new RequestError(403, "media_not_allowed", `expected ${what}; send the video as a data: URL`);
  };
  const url = URL.canParse(text)
    ? new URL(text)
    : refuse("a data:, http: or https: address of a video or picture, found none");
  if (url.protocol === "file:") return allowedFile(url, options.allowedFolder, refuse);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    refuse(`a data:, http: or https: address, found ${url.protocol}`);
  if (url.username !== "" || url.password !== "") refuse("an address without user and password");
  const matches = (allowed: string): boolean => {
    const name = allowed.toLowerCase();
    const found = /:\d+$/.test(name) ? url.host : url.hostname;
    return name.startsWith("*.") ? found.endsWith(name.slice(1)) : found === name;
  };
  if (!options.allowedHosts.some(matches)) refuse("an address on a host that this guard was set to read");
  return url;
}

async function allowedFile(url: URL, folder: string | null, refuse: (what: string) => never): Promise<string> {
  if (folder === null) return refuse("no file: address, since this guard was given no folder of videos");
  let path: string;
  try {
    // Links are followed before the comparison, so that none leads outside.
    path = await realpath(fileURLToPath(url));
  } catch {
    return refuse("a file of the folder that this guard was set to read");
  }
  const inside = path.startsWith(`${await realpath(folder)}${sep}`);
  if (!inside || !(await stat(path)).isFile()) refuse("a file of the folder that this guard was set to read");
  return path;
}

/** Pictures as the frames of one video, thinned evenly to the plan's most. */
async function readPictures(
  pictures: readonly VideoSource[],
  plan: SamplePlan,
  bounded: SampleOptions,
): Promise<GuardVideo> {
  const most =
    (plan as { maxFrames?: number; frameCount?: number }).maxFrames ??
    (plan as { frameCount?: number }).frameCount ??
    90;
  const indices = thinned(pictures.length, most);
  const chosen = indices.map((index) => pictures[index] as VideoSource);
  const bytes = chosen.filter((source) => source instanceof Uint8Array);
  const video = bytes.length === chosen.length ? await readFolder(bytes, bounded) : await readOneByOne(chosen, bounded);
  return {
    ...video,
    timestampsSeconds: Float64Array.from(indices, (index) => index * PICTURE_SECONDS),
    sampledFrameRate: 1 / PICTURE_SECONDS,
  };
}

/** Pictures in memory, decoded in one go as a folder of images. */
async function readFolder(pictures: readonly Uint8Array[], bounded: SampleOptions): Promise<GuardVideo> {
  const folder = await mkdtemp(join(tmpdir(), "guard-pictures-"));
  try {
    for (const [i, bytes] of pictures.entries()) {
      const kind = pictureKind(bytes);
      if (kind === null)
        throw new RequestError(400, "unreadable_input", "expected pictures in PNG, JPEG or WebP, found another format");
      await writeFile(join(folder, `${i}.${kind}`), bytes);
    }
    return await sample(folder, { type: "indices", indices: pictures.map((_, i) => i) }, bounded);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Pictures behind addresses and in files: each a video of one frame, resized to the first one's size. */
async function readOneByOne(pictures: readonly VideoSource[], bounded: SampleOptions): Promise<GuardVideo> {
  const [first, ...others] = pictures as [VideoSource, ...VideoSource[]];
  const one: SamplePlan = { type: "indices", indices: [0] };
  const start = await sample(first, one, bounded);
  const [, height, width] = start.frames.dims;
  const data = [start.frames.data];
  for (const source of others)
    data.push((await sample(source, one, { ...bounded, size: { height, width } })).frames.data);
  return {
    frames: { data: new Uint8Array(Buffer.concat(data)), dims: [pictures.length, height, width, 3] },
    timestampsSeconds: Float64Array.from(pictures, () => 0),
  };
}

/** Samples, with every failure that lies in the media as the request's. A frame that was not decoded was not looked at. */
async function sample(source: VideoSource, plan: SamplePlan, bounded: SampleOptions): Promise<GuardVideo> {
  try {
    const { frames, timestampsSeconds, sampledFrameRate, frameInfo } = await sampleFrames(source, plan, bounded);
    if (frameInfo.some(({ decodeError }) => decodeError))
      throw new RequestError(
        400,
        "unreadable_input",
        "expected pictures and videos without damage, found a frame that does not decode",
      );
    return { frames, timestampsSeconds, sampledFrameRate };
  } catch (error) {
    // Without a decoder the guard is at fault, not the request.
    if (!(error instanceof VideoSamplerError) || error.code === "NO_BACKEND") throw error;
    const status = error.code === "LIMIT_EXCEEDED" ? 413 : 400;
    // The sampler's own message may name files and hosts of this machine.
    throw Object.assign(
      new RequestError(
        status,
        "unreadable_input",
        `expected a picture or video that can be read, found none: ${error.code}`,
      ),
      { cause: error },
    );
  }
}

/** At most `most` of `count` indices, first and last included. */
function thinned(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  if (most === 1) return [Math.floor(count / 2)];
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}
