import type { IncomingMessage } from "node:http";
import { RequestError } from "./request-error.js";

/** A request's body in memory that every thread can read without a copy. */
export interface SharedBody {
  /** At least `length` bytes. */
  readonly bytes: SharedArrayBuffer;
  /** Bytes of it that are the body. */
  readonly length: number;
}

/**
 * Reads a JSON body into shared memory, piece by piece, so that not even the largest allowed one holds up the event loop.
 * @throws RequestError 413 above the limit, 415 for another kind of body, 400 when the client stops in the middle
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<SharedBody> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json")
    throw new RequestError(
      415,
      "unsupported_media_type",
      `expected Content-Type application/json, found ${type ?? "none"}`,
    );
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new RequestError(
      415,
      "unsupported_media_type",
      `expected a body without Content-Encoding, found ${encoding}`,
    );
  const tooLarge = (): RequestError =>
    new RequestError(413, "too_large", `expected a body of at most ${limit} bytes, found more`, undefined, {
      connection: "close",
    });
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limit) throw tooLarge();
  let bytes = new SharedArrayBuffer(Math.max(announced, 1024));
  let view = new Uint8Array(bytes);
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (length + chunk.length > limit) throw tooLarge();
      if (length + chunk.length > view.length) {
        const grown = new Uint8Array(new SharedArrayBuffer(Math.min(limit, 2 * (length + chunk.length))));
        grown.set(view.subarray(0, length));
        bytes = grown.buffer;
        view = grown;
      }
      view.set(chunk, length);
      length += chunk.length;
    }
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(400, "invalid_request", "the body ended before its length was reached");
  }
  return { bytes, length };
}
