import type { ColorTags, ReadBytes } from "./mp4-facts.js";

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_TYPE = 0x83;
const VIDEO = 0xe0;
const COLOUR = 0x55b0;
/** Elements and bytes read at most: tracks stand before the first cluster. */
const MAX_ELEMENTS = 10_000;
const MAX_TRACKS_BYTES = 2 ** 22;

/**
 * The colours that a Matroska or WebM file names for each of its tracks, in file order.
 * @returns null for other files; null as an entry for tracks without colours
 * @see RFC 9559, section 5.1.4.1.28.16 and following
 */
export async function readMatroskaColors(totalBytes: number, read: ReadBytes): Promise<(ColorTags | null)[] | null> {
  const first = await readElement(0, totalBytes, read);
  if (first?.id !== EBML) return null;
  const segment = await readElement(first.end, totalBytes, read);
  if (segment?.id !== SEGMENT) return null;
  for (let at = segment.body, count = 0; at < segment.end && count < MAX_ELEMENTS; count++) {
    const element = await readElement(at, segment.end, read);
    if (element === null || element.id === CLUSTER) return [];
    if (element.id === TRACKS && element.end - element.body <= MAX_TRACKS_BYTES) {
      const bytes = await read(element.body, element.end);
      return children(bytes, TRACK_ENTRY).map(colorOfTrack);
    }
    at = element.end;
  }
  return [];
}

function colorOfTrack(track: Uint8Array): ColorTags | null {
  const [type] = children(track, TRACK_TYPE);
  const [video] = children(track, VIDEO);
  const [colour] = video === undefined ? [] : children(video, COLOUR);
  if (type?.[0] !== 1 || colour === undefined) return null;
  const number = (id: number) => {
    const [bytes] = children(colour, id);
    return bytes?.reduce((sum, byte) => sum * 256 + byte, 0);
  };
  const range = number(0x55b9) ?? 0;
  return {
    matrix: number(0x55b1) ?? 2,
    transfer: number(0x55ba) ?? 2,
    primaries: number(0x55bb) ?? 2,
    fullRange: range === 1 ? false : range === 2 ? true : null,
  };
}

interface Element {
  readonly id: number;
  readonly body: number;
  readonly end: number;
}

/** Bodies of the elements with an id in a parent's body. */
function children(bytes: Uint8Array, id: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = parseElement(bytes.subarray(at, at + 12), at, bytes.length);
    if (element === null) break;
    if (element.id === id) found.push(bytes.subarray(element.body, element.end));
    at = element.end;
  }
  return found;
}

async function readElement(at: number, limit: number, read: ReadBytes): Promise<Element | null> {
  return at >= limit ? null : parseElement(await read(at, Math.min(at + 12, limit)), at, limit);
}

/** A header: an id of up to 4 bytes with its marker, a size of up to 8 without; all ones means "to the end". */
function parseElement(header: Uint8Array, at: number, limit: number): Element | null {
  const idBytes = Math.clz32((header[0] ?? 0) << 24) + 1;
  const sizeBytes = Math.clz32((header[idBytes] ?? 0) << 24) + 1;
  if (idBytes > 4 || sizeBytes > 8 || header.length < idBytes + sizeBytes) return null;
  const id = header.subarray(0, idBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  let size = (header[idBytes] as number) & (0xff >> sizeBytes);
  let ones = size === 0xff >> sizeBytes;
  for (let i = 1; i < sizeBytes; i++) {
    const byte = header[idBytes + i] as number;
    ones &&= byte === 0xff;
    size = size * 256 + byte;
  }
  const body = at + idBytes + sizeBytes;
  return { id, body, end: ones ? limit : Math.min(limit, body + size) };
}
