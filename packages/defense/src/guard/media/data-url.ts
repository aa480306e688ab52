import { RequestError } from "@videosafety/endpoint/server";

/** Bytes of a `data:` URL. */
export interface DataUrl {
  /** Lower case, without parameters. */
  readonly mediaType: string;
  /** One entry; several for `video/jpeg`, whose frames stand between commas (vLLM's form for frames). */
  readonly pieces: readonly Uint8Array[];
}

const refuse = (message: string): never => {
  throw new RequestError(400, "unreadable_input", message);
};

/**
 * Reads a `data:` URL of Base64.
 *
 * @param limits bytes of one piece, number of pieces
 * @throws RequestError 400 for another form, 413 above a limit
 */
export function readDataUrl(url: string, limits: { readonly maxBytes: number; readonly maxPieces: number }): DataUrl {
  const comma = url.indexOf(",");
  const [, type = "", parameters = ""] =
    /^data:([^;,]*)((?:;[^;,]*)*)$/i.exec(url.slice(0, Math.min(comma, 200))) ?? [];
  if (comma < 0 || !/(^|;)base64$/i.test(parameters))
    refuse("expected a data: URL such as data:video/mp4;base64,…, found another form");
  const mediaType = type.toLowerCase();
  const texts =
    mediaType === "video/jpeg" ? url.slice(comma + 1).split(",", limits.maxPieces + 1) : [url.slice(comma + 1)];
  if (texts.length > limits.maxPieces)
    throw new RequestError(413, "too_large", `expected at most ${limits.maxPieces} frames in a video, found more`);
  const pieces = texts.map((text) => {
    if ((text.length * 3) / 4 > limits.maxBytes + 3)
      throw new RequestError(
        413,
        "too_large",
        `expected at most ${limits.maxBytes} bytes of a video or picture, found more`,
      );
    if (text === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
      refuse("expected Base64 in a data: URL, found other characters");
    return Uint8Array.from(Buffer.from(text, "base64"));
  });
  return { mediaType, pieces };
}

/** File name ending of a picture by its first bytes; null for what is no PNG, JPEG or WebP. */
export function pictureKind(bytes: Uint8Array): "png" | "jpg" | "webp" | null {
  const starts = (text: string, at = 0): boolean =>
    [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
  if (starts("\u0089PNG\r\n")) return "png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "jpg";
  return starts("RIFF") && starts("WEBP", 8) ? "webp" : null;
}
