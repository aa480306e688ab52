/** Anything JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * JSON with sorted object keys and no `undefined`: equal values give equal text.
 *
 * @throws {TypeError} on NaN or an infinity, which JSON cannot hold.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`expected a finite number in a content key, found ${value}`);
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value as { readonly [key: string]: Json | undefined });
  const parts: string[] = [];
  for (const [key, inner] of entries.sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))) {
    if (inner !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(inner)}`);
  }
  return `{${parts.join(",")}}`;
}

const encoder = new TextEncoder();

/** Lower-case hexadecimal SHA-256 of bytes, through Web Crypto. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  let hex = "";
  for (const byte of digest) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/** The SHA-256 of a value's canonical JSON: what responses and verdicts are addressed by. */
export function contentKey(value: Json): Promise<string> {
  return sha256Hex(encoder.encode(canonicalJson(value)));
}
