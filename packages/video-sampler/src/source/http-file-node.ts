import { InvalidPlanError, LimitExceededError, NotFoundError, TruncatedError } from "../errors.js";
import type { SamplingLimits } from "../video/sampling-limits.js";
import type { ByteRange } from "./byte-ranges.js";

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

/**
 * A file behind an http or https address. Redirects are followed here, so that none can leave http and https or go on for
 * ever, and all bytes that arrive are counted against `limits.maxSourceBytes`.
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
   * @throws NotFoundError, LimitExceededError, InvalidPlanError for other protocols
   */
  async open(headBytes: number): Promise<FirstAnswer> {
    const response = await this.#request({ start: 0, end: headBytes });
    const total = contentRange(response)?.totalBytes ?? null;
    // Ranges of a compressed answer would not be ranges of the file.
    const compressed = (response.headers.get("content-encoding") ?? "identity") !== "identity";
    if (response.status === 206 && total !== null && !compressed) {
      this.#version = versionOf(response);
      this.#totalBytes = total;
      return { ranges: true, totalBytes: total, body: this.#counted(response, Math.min(headBytes, total)) };
    }
    if (response.status === 200) return { ranges: false, body: this.#counted(response) };
    // A range that cannot be met (an empty file), of unknown length, or compressed.
    await response.body?.cancel();
    return { ranges: false, body: this.#counted(await this.#request()) };
  }

  /**
   * The bytes of one range, after {@link HttpFile.open} said that there are ranges.
   * @throws NotFoundError when the file has changed, TruncatedError when fewer bytes come, and as `open`
   */
  async *read(range: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const signals = [this.#options.signal, signal].filter((one) => one !== undefined);
    const stop = signals.length === 0 ? undefined : AbortSignal.any(signals);
    const response = await this.#request(range, stop);
    const got = contentRange(response);
    const sameFile = versionOf(response) === this.#version && got?.totalBytes === this.#totalBytes;
    if (response.status !== 206 || got?.start !== range.start || !sameFile) {
      await response.body?.cancel();
      throw new NotFoundError(
        `${this.#url.href} changed while it was read, or stopped serving ranges (status ${response.status}); try again.`,
      );
    }
    yield* this.#counted(response, range.end - range.start, stop);
  }

  async #request(range?: ByteRange, signal = this.#options.signal): Promise<Response> {
    const { limits: { maxRedirects = 5 } = {} } = this.#options;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const url = this.#url;
      if (url.protocol !== "http:" && url.protocol !== "https:")
        throw new InvalidPlanError(
          `Expected an http, https or file URL, got ${url.protocol}//…; fetch it yourself and pass the bytes.`,
        );
      const headers = {
        "accept-encoding": "identity",
        ...(range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` }),
        ...(this.#version?.startsWith('"') === true ? { "if-range": this.#version } : {}),
      };
      const response = await fetch(url, { redirect: "manual", headers, ...(signal && { signal }) }).catch((cause) => {
        signal?.throwIfAborted();
        throw new NotFoundError(`${url.href} could not be fetched; check the address and the network.`, { cause });
      });
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel();
        this.#url = new URL(location, url);
        continue;
      }
      if (response.ok || response.status === 416) return response;
      await response.body?.cancel();
      throw new NotFoundError(
        `${url.href} answered ${response.status} ${response.statusText}; expected 200 or 206 with a body.`,
      );
    }
    throw new LimitExceededError(
      `${this.#start.href} redirects more than ${maxRedirects} times (limits.maxRedirects).`,
    );
  }

  /** The body, counted; of `expected` bytes where that is known. */
  async *#counted(response: Response, expected?: number, signal = this.#options.signal): AsyncGenerator<Uint8Array> {
    const { limits: { maxSourceBytes = 2 ** 32 } = {} } = this.#options;
    if (response.body === null)
      throw new NotFoundError(`${this.#url.href} answered ${response.status} without a body.`);
    let got = 0;
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
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
      throw new NotFoundError(`The connection to ${this.#url.host} broke after ${this.#bytes} bytes; try again.`, {
        cause,
      });
    }
    if (expected !== undefined)
      throw new TruncatedError(`${this.#url.href} sent ${got} of ${expected} bytes of a range; try again.`);
  }
}

function contentRange(response: Response): { start: number; totalBytes: number | null } | null {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  if (start === undefined) return null;
  return { start: Number(start), totalBytes: total === "*" ? null : Number(total) };
}

/** A strong entity tag, else when it was changed last, else nothing. */
function versionOf({ headers }: Response): string | null {
  const tag = headers.get("etag");
  return tag?.startsWith('"') === true ? tag : headers.get("last-modified");
}
