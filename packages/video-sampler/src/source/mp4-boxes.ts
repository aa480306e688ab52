import type { ByteRange } from "./byte-ranges.js";

/** Bytes that a box header may take. */
const HEADER_BYTES = 16;
/** Fragmented files have two boxes per fragment; beyond this many, reading box by box costs more than it saves. */
const MAX_BOXES = 64;
/** Boxes whose contents describe nothing. */
const PAYLOADS = ["mdat", "free", "skip", "wide"];

/** One box of an ISO base media file (ISO/IEC 14496-12, section 4.2). */
export interface Mp4Box {
  /** Four characters. */
  readonly type: string;
  /** Bytes of its header. */
  readonly headerBytes: number;
  /** Bytes in all. */
  readonly bytes: number;
}

/**
 * Reads a box header.
 * @param header the first 16 bytes of the box, or what is left of the file
 * @param left bytes from here to the end of the file
 * @returns null when no box can begin so
 */
export function parseBoxHeader(header: Uint8Array, left: number): Mp4Box | null {
  if (header.length < 8) return null;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const type = String.fromCharCode(...header.subarray(4, 8));
  if (!/^[\x20-\x7e\xa9]{4}$/.test(type)) return null;
  const short = view.getUint32(0);
  if (short === 1 && header.length < HEADER_BYTES) return null;
  const headerBytes = short === 1 ? HEADER_BYTES : 8;
  const bytes = short === 0 ? left : short === 1 ? Number(view.getBigUint64(8)) : short;
  return bytes >= headerBytes && bytes <= left ? { type, headerBytes, bytes } : null;
}

/**
 * Finds what a reader of the index needs of an MP4 or QuickTime file: every top-level box but the media data.
 * @param read gives bytes [start, end) of the file
 * @returns ranges in file order; null when this is no such file, it has no `moov`, or too many boxes
 */
export async function mp4IndexRanges(
  totalBytes: number,
  read: (start: number, end: number) => Promise<Uint8Array>,
): Promise<ByteRange[] | null> {
  const ranges: ByteRange[] = [];
  let described = false;
  let at = 0;
  for (let count = 0; at < totalBytes; count++) {
    if (count === MAX_BOXES) return null;
    const box = parseBoxHeader(await read(at, Math.min(at + HEADER_BYTES, totalBytes)), totalBytes - at);
    if (box === null) return null;
    ranges.push({ start: at, end: at + (PAYLOADS.includes(box.type) ? box.headerBytes : box.bytes) });
    described ||= box.type === "moov";
    at += box.bytes;
  }
  return described ? ranges : null;
}
