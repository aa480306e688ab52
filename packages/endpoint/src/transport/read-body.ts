import { EndpointError } from "../errors.js";

/**
 * A response's text, read piece by piece and given up at `maxBytes` (counted after decompression).
 *
 * @param cut true: return what was read so far instead of failing, for error pages
 * @throws {EndpointError} `response_too_large`
 */
export async function readBody(response: Response, maxBytes: number, cut = false): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes <= maxBytes) {
      text += decoder.decode(value, { stream: true });
      continue;
    }
    // Nobody waits for the server to notice.
    void reader.cancel().catch(() => undefined);
    if (cut) return text + decoder.decode(value.subarray(0, Math.max(0, maxBytes - (bytes - value.byteLength))));
    throw new EndpointError(
      "response_too_large",
      `expected an answer of at most ${maxBytes} bytes, found more: ask for fewer tokens or raise maxResponseBytes`,
      { status: response.status },
    );
  }
}
