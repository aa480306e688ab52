import type { IncomingMessage } from "node:http";
import { Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { LimitExceededError, NotFoundError, TruncatedError, UnavailableError, VideoSamplerError } from "../errors.js";
import type { SamplingLimits } from "../video/sampling-limits.js";
import type { ByteRange } from "./byte-ranges.js";
import { pause, requestWithRetries } from "./http-request-node.js";
import { shownUrl } from "./source-url-node.js";

/** Options that bound what a source may cost. */
export interface Fetching {
  /** Bounds for untrusted sources. */
  readonly limits?: SamplingLimits;
  /** Stops the work; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** What a server answered to the first request. */
export type FirstAnswer =
  | { readonly ranges: true; readonly totalBytes: number; readonly body: AsyncIterable<Uint8Array> }
  | { readonly ranges: false; readonly body: AsyncIterable<Uint8Array> };

/** Servers may pack a body although they were asked not to. */
const UNPACKERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** A connection broke while a body came; it may be taken up again. Never leaves this file. */
class BrokenBodyError extends Error {}

/**
 * A file behind an http or https address. Redirects are followed here, so that none can leave http and https, reach a private
 * address or go on for ever, and all bytes that arrive are counted against `limits.maxSourceBytes`.
 */
export class HttpFile {
  readonly #start: URL;
  readonly #options: Fetching;
  /** Where redirects led. */
  #url: URL;
  /** Names the version of the file that the first answer came from. */
  #version: string | null = null;
  #totalBytes: number | null = null;
  /** Bytes that have arrived. */
  #bytes = 0;

  constructor(url: URL, options: Fetching) {
    this.#start = url;
    this.#url = url;
    this.#options = options;
  }

  /**
   * Asks for the first bytes; a server without ranges answers with the whole file.
   * @throws NotFoundError, UnavailableError, LimitExceededError, InvalidSourceError for other protocols and private addresses
   */
  async open(headBytes: number): Promise<FirstAnswer> {
    const response = await this.#request({ start: 0, end: headBytes });
    const total = contentRange(response)?.totalBytes ?? null;
    // Ranges of a compressed answer would not be ranges of the file.
    const compressed = (response.headers["content-encoding"] ?? "identity") !== "identity";
    if (response.statusCode === 206 && total !== null && !compressed) {
      this.#version = versionOf(response);
      this.#totalBytes = total;
      return {
        ranges: true,
        totalBytes: total,
        body: this.#resumed({ start: 0, end: Math.min(headBytes, total) }, response),
      };
    }
    if (response.statusCode === 200) return { ranges: false, body: this.#whole(response) };
    // A range that cannot be met (an empty file), of unknown length, or compressed.
    response.destroy();
    return { ranges: false, body: this.#whole(await this.#request()) };
  }

  /**
   * The bytes of one range, after {@link HttpFile.open} said that there are ranges.
   * @throws NotFoundError when the file has changed, TruncatedError when fewer bytes come, and as `open`
   */
  read(range: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const signals = [this.#options.signal, signal].filter((one) => one !== undefined);
    return this.#resumed(range, undefined, signals.length === 0 ? undefined : AbortSignal.any(signals));
  }

  /** A range, taken up again where its connection broke. */
  async *#resumed(
    range: ByteRange,
    first?: IncomingMessage,
    signal = this.#options.signal,
  ): AsyncGenerator<Uint8Array> {
    const { limits: { maxRetries = 3 } = {} } = this.#options;
    let at = range.start;
    for (let retries = 0, response = first; ; response = undefined) {
      try {
        response ??= await this.#sameFile({ start: at, end: range.end }, signal);
        for await (const chunk of this.#counted(response, range.end - at, signal)) {
          at += chunk.length;
          yield chunk;
        }
        if (at < range.end)
          throw new TruncatedError(
            `${shownUrl(this.#url)} sent ${at - range.start} of ${range.end - range.start} bytes of a range; try again.`,
          );
        return;
      } catch (error) {
        if (!(error instanceof BrokenBodyError)) throw error;
        if (retries >= maxRetries) throw this.#broken(error);
        await pause(retries++, undefined, signal);
      }
    }
  }

  /** The whole body, unpacked, from a server that cannot take up one that broke. */
  async *#whole(response: IncomingMessage): AsyncGenerator<Uint8Array> {
    const coding = response.headers["content-encoding"] ?? "identity";
    const unpack = UNPACKERS[coding];
    try {
      const body = this.#counted(response, undefined, this.#options.signal);
      if (coding === "identity") yield* body;
      else if (unpack !== undefined) yield* Readable.from(body).compose(unpack()) as AsyncIterable<Uint8Array>;
      else
        throw new NotFoundError(
          `${shownUrl(this.#url)} answered in the content coding "${coding}", which is not read.`,
        );
    } catch (error) {
      if (error instanceof BrokenBodyError) throw this.#broken(error);
      if (error instanceof VideoSamplerError) throw error;
      this.#options.signal?.throwIfAborted();
      throw new UnavailableError(`${shownUrl(this.#url)} sent a damaged ${coding} body; try again.`, { cause: error });
    }
  }

  #broken(error: BrokenBodyError): UnavailableError {
    return new UnavailableError(`The connection to ${this.#url.host} broke after ${this.#bytes} bytes; try again.`, {
      cause: error.cause,
    });
  }

  async #sameFile(range: ByteRange, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const response = await this.#request(range, signal);
    const got = contentRange(response);
    const same = versionOf(response) === this.#version && got?.totalBytes === this.#totalBytes;
    if (response.statusCode === 206 && got?.start === range.start && same) return response;
    response.destroy();
    throw new NotFoundError(
      `${shownUrl(this.#url)} changed while it was read, or stopped serving ranges (status ${response.statusCode}); try again.`,
    );
  }

  async #request(range?: ByteRange, signal = this.#options.signal): Promise<IncomingMessage> {
    const headers = {
      "accept-encoding": "identity",
      ...(range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` }),
      ...(this.#version?.startsWith('"') === true ? { "if-range": this.#version } : {}),
    };
    const { limits = {} } = this.#options;
    const answer = await requestWithRetries(this.#url, { origin: this.#start, headers, limits, signal });
    this.#url = answer.url;
    return answer.response;
  }

  /** The body, counted; at most `expected` bytes of it. */
  async *#counted(
    response: IncomingMessage,
    expected: number | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const { limits: { maxSourceBytes = 2 ** 32 } = {} } = this.#options;
    let got = 0;
    try {
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        this.#bytes += chunk.length;
        if (this.#bytes > maxSourceBytes)
          throw new LimitExceededError(`The source is larger than ${maxSourceBytes} bytes (limits.maxSourceBytes).`);
        const part = expected === undefined ? chunk : chunk.subarray(0, expected - got);
        got += part.length;
        yield part;
        if (got === expected) return;
      }
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof LimitExceededError) throw cause;
      throw new BrokenBodyError("broken", { cause });
    } finally {
      response.destroy();
    }
  }
}

function contentRange(response: IncomingMessage): { start: number; totalBytes: number | null } | null {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "") ?? [];
  if (start === undefined) return null;
  return { start: Number(start), totalBytes: total === "*" ? null : Number(total) };
}

/** A strong entity tag, else when it was changed last, else nothing. */
function versionOf({ headers }: IncomingMessage): string | null {
  const tag = headers.etag;
  return tag?.startsWith('"') === true ? tag : (headers["last-modified"] ?? null);
}
