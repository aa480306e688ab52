/** Elements of a large typed array that are looked at; they are spread over it. */
const SAMPLED_ELEMENTS = 4096;
/** Deeper than this, a value is told by its type only. */
const MAX_DEPTH = 12;

/**
 * 64 bits that tell one training row from another, as two words: over strings, numbers, booleans, null, arrays, plain objects (in
 * the order of their keys), maps and typed arrays. Of typed arrays above 4,096 elements, 4,096 spread ones and the length count.
 * Functions and what is deeper than twelve levels count by type only. Not for cryptography.
 */
export function fingerprintOf(value: unknown): [number, number] {
  const hash = new Fingerprint();
  hash.value(value, 0);
  return hash.words();
}

/** Fingerprints of many rows, [rows, 2] flattened: what a checkpoint keeps of its data. */
export function fingerprintRows(rows: readonly unknown[]): Int32Array {
  return Int32Array.from(rows.flatMap((row) => fingerprintOf(row)));
}

/**
 * Says how data differ from those that a fingerprint was made of, or null when they are the same: their number, their order, or
 * their content with the first row that differs.
 *
 * @param saved, found fingerprints of `fingerprintRows`
 */
export function describeDataChange(saved: Int32Array, found: Int32Array): string | null {
  const [before, now] = [saved.length / 2, found.length / 2];
  if (before !== now) return `there were ${before} rows, now there are ${now}`;
  const key = (rows: Int32Array, row: number) => `${rows[2 * row]} ${rows[2 * row + 1]}`;
  const different = Array.from({ length: now }, (_, row) => row).filter((row) => key(saved, row) !== key(found, row));
  if (different.length === 0) return null;
  const sorted = (rows: Int32Array) =>
    Array.from({ length: now }, (_, row) => key(rows, row))
      .sort()
      .join();
  return sorted(saved) === sorted(found)
    ? `the same ${now} rows are in another order, from row ${different[0]} on`
    : `${different.length} of ${now} rows have other content, the first is row ${different[0]}`;
}

const isView = (value: object): value is ArrayBufferView =>
  "byteOffset" in value && "buffer" in value && value.buffer instanceof ArrayBuffer;

class Fingerprint {
  private a = 0x2545f491;
  private b = 0x6c078965;
  private readonly seen = new Map<object, number>();
  private readonly float = new Float64Array(1);
  private readonly bits = new Uint32Array(this.float.buffer);

  words(): [number, number] {
    return [finish(this.a ^ this.b), finish(this.b + Math.imul(this.a, 31))];
  }

  value(value: unknown, depth: number): void {
    if (typeof value === "string") this.text(value);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "bigint") this.text(`${value}n`);
    else if (typeof value === "function" || typeof value === "symbol") this.text(typeof value);
    else if (typeof value === "object" && value !== null) this.object(value, depth);
    else this.word(1, String(value));
  }

  private object(value: object, depth: number): void {
    const before = this.seen.get(value);
    if (before !== undefined || depth > MAX_DEPTH) {
      this.word(before ?? 0, before === undefined ? "deep" : "seen"); // shared, or a circle
      return;
    }
    this.seen.set(value, this.seen.size);
    if (isView(value)) this.view(value);
    else if (Array.isArray(value)) this.list("array", value.length, value, depth);
    else if (value instanceof Map || value instanceof Set) this.list("map", value.size, value, depth);
    else {
      const keys = Object.keys(value).sort();
      this.word(keys.length, "object");
      for (const key of keys) {
        this.text(key);
        this.value((value as Record<string, unknown>)[key], depth + 1);
      }
    }
  }

  private list(kind: string, length: number, items: Iterable<unknown>, depth: number): void {
    this.word(length, kind);
    for (const item of items) this.value(item, depth + 1);
  }

  private view(value: ArrayBufferView): void {
    const items =
      "length" in value
        ? (value as unknown as ArrayLike<number | bigint>)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    this.word(items.length, value.constructor.name);
    const step = Math.max(1, items.length / SAMPLED_ELEMENTS);
    for (let i = 0; i < items.length; i += step) {
      const item = items[Math.floor(i)] as number | bigint;
      if (typeof item === "bigint") this.text(`${item}n`);
      else this.number(item);
    }
  }

  private number(value: number): void {
    this.float[0] = value === 0 ? 0 : value;
    this.mix(this.bits[0] as number);
    this.mix(this.bits[1] as number);
  }

  private text(value: string): void {
    this.mix(value.length);
    for (let i = 0; i < value.length; i++) this.mix(value.charCodeAt(i));
  }

  private word(value: number, kind: string): void {
    this.text(kind);
    this.mix(value);
  }

  private mix(word: number): void {
    this.a = Math.imul(this.a ^ word, 0x85ebca6b);
    this.a ^= this.a >>> 15;
    this.b = Math.imul(this.b + word, 0xc2b2ae35) ^ (this.b >>> 13);
  }
}

function finish(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
