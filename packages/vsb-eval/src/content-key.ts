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
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  let hex = "";
  for (const byte of digest) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/** First 32 bits of the fractional parts of the roots of the primes: `power` 2 gives the start values, 3 the constants. */
function primeRoots(count: number, power: 2 | 3): Int32Array {
  const words = new Int32Array(count);
  for (let n = 2, found = 0; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    const root = power === 2 ? Math.sqrt(n) : Math.cbrt(n);
    if (prime) words[found++] = ((root % 1) * 4294967296) | 0;
  }
  return words;
}

const START = primeRoots(8, 2);
const ROUND = primeRoots(64, 3);

/**
 * Lower-case hexadecimal SHA-256 (FIPS 180-4) of a text's UTF-8, at once: Web Crypto only has a promise, and scoring is
 * synchronous. For short texts; equal to {@link sha256Hex} (test).
 */
export function sha256Sync(text: string): string {
  const bytes = encoder.encode(text);
  const length = ((bytes.length + 8) >> 6) + 1;
  const padded = new Uint8Array(64 * length);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(64 * length - 8, Math.floor(bytes.length / 536_870_912));
  view.setUint32(64 * length - 4, (bytes.length << 3) >>> 0);
  const state = Int32Array.from(START);
  const w = new Int32Array(64);
  const turn = (x: number, n: number): number => (x >>> n) | (x << (32 - n));
  for (let block = 0; block < length; block++) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) {
        w[i] = view.getInt32(64 * block + 4 * i);
        continue;
      }
      const a = w[i - 15] as number;
      const b = w[i - 2] as number;
      const low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const high = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      w[i] = ((w[i - 16] as number) + low + (w[i - 7] as number) + high) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const sum = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const first = (h + sum + ((e & f) ^ (~e & g)) + (ROUND[i] as number) + (w[i] as number)) | 0;
      const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => {
      state[i] = ((state[i] as number) + value) | 0;
    });
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** The SHA-256 of a value's canonical JSON: what responses and verdicts are addressed by. */
export function contentKey(value: Json): Promise<string> {
  return sha256Hex(encoder.encode(canonicalJson(value)));
}
