import { parseBoxHeader } from "./mp4-boxes.js";

/** Colour tags as code points of ISO/IEC 23091-2; 2 is "unspecified". */
export interface ColorTags {
  /** Primaries. */
  readonly primaries: number;
  /** Transfer curve. */
  readonly transfer: number;
  /** Matrix. */
  readonly matrix: number;
  /** Whether the range is full; null where the file does not say. */
  readonly fullRange: boolean | null;
}

/** What the tables of one track claim. */
export interface Mp4Track {
  /** `vide`, `soun`, ... */
  readonly handler: string;
  /** Samples that its tables and fragments claim, the largest number of any table. */
  readonly samples: number;
  /** What its `colr` box says, or null. */
  readonly color: ColorTags | null;
}

interface OpenTrack {
  id: number;
  handler: string;
  counts: Record<string, number>;
  color: ColorTags | null;
}

/** Gives bytes [start, end) of a file; fewer at its end. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

const CONTAINERS = ["moov", "trak", "mdia", "minf", "stbl", "moof", "traf"];
/** Boxes read at most: a day of video in fragments of a second has half a million. */
const MAX_BOXES = 2_000_000;
const CHUNK = 2 ** 16;
/** Bytes before the first child box of an `stsd` and of a visual sample entry. */
const STSD_HEADER = 8;
const VISUAL_ENTRY_HEADER = 78;

/**
 * Reads what an MP4 or QuickTime file claims, in bounded memory and without trusting it: libav makes room for every sample that
 * a table claims before it looks at one.
 * @returns its tracks in file order; null when the file does not begin like one
 * @see ISO/IEC 14496-12, sections 8.6 to 8.8
 */
export async function readMp4Tracks(totalBytes: number, read: ReadBytes): Promise<Mp4Track[] | null> {
  const tracks: OpenTrack[] = [];
  let boxes = 0;
  const number = async (at: number, bytes = 4): Promise<number> => {
    const data = await read(at, at + bytes);
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + (data[i] ?? 0);
    return value;
  };
  /** Sum of the counts that begin each 8-byte entry of `stts` and `ctts`. */
  const sumOfRuns = async (from: number, to: number): Promise<number> => {
    const end = Math.min(to, from + 8 + (await number(from + 4)) * 8);
    let sum = 0;
    for (let at = from + 8; at + 8 <= end; at += CHUNK) {
      const data = await read(at, Math.min(end, at + CHUNK));
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      for (let i = 0; i + 8 <= data.length; i += 8) sum += view.getUint32(i);
    }
    return sum;
  };

  /** @returns whether the boxes of [from, to) could be read */
  const walk = async (from: number, to: number, track: OpenTrack | undefined): Promise<boolean> => {
    let current = track;
    for (let at = from; at < to; ) {
      if (++boxes > MAX_BOXES) return true;
      const box = parseBoxHeader(await read(at, Math.min(at + 16, to)), to - at);
      if (box === null) return at > from;
      const [body, end] = [at + box.headerBytes, at + box.bytes];
      const claim = (table: string, count: number) => {
        if (current !== undefined) current.counts[table] = (current.counts[table] ?? 0) + count;
      };
      if (box.type === "trak") {
        const opened: OpenTrack = { id: 0, handler: "", counts: {}, color: null };
        tracks.push(opened);
        await walk(body, end, opened);
      } else if (box.type === "traf") {
        current = undefined;
        await walk(body, end, undefined);
      } else if (CONTAINERS.includes(box.type)) await walk(body, end, current);
      else if (box.type === "tkhd" && current !== undefined)
        current.id = await number(body + ((await number(body, 1)) === 1 ? 20 : 12));
      else if (box.type === "tfhd") {
        const id = await number(body + 4);
        current = tracks.find((known) => known.id === id) ?? tracks[0];
      } else if (box.type === "hdlr" && current !== undefined && current.handler === "")
        current.handler = String.fromCharCode(...(await read(body + 8, body + 12)));
      else if (box.type === "stsz" || box.type === "stz2") claim("sizes", await number(body + 8));
      else if (box.type === "stts" || box.type === "ctts") claim(box.type, await sumOfRuns(body, end));
      else if (box.type === "trun") claim("fragments", await number(body + 4));
      else if (box.type === "stsd" && current !== undefined) current.color = await readColor(body, end, read);
      at = end;
    }
    return true;
  };
  const head = parseBoxHeader(await read(0, Math.min(16, totalBytes)), totalBytes);
  if (head === null || !["ftyp", "moov", "mdat", "free", "wide", "skip"].includes(head.type)) return null;
  await walk(0, totalBytes, undefined);
  return tracks.map(({ handler, counts, color }) => {
    const { fragments = 0, ...tables } = counts;
    return {
      handler,
      color: handler === "vide" ? color : null,
      samples: Math.max(0, ...Object.values(tables)) + fragments,
    };
  });
}

/** The `colr` box of the first entry of an `stsd`. */
async function readColor(body: number, end: number, read: ReadBytes): Promise<ColorTags | null> {
  const entry = parseBoxHeader(await read(body + STSD_HEADER, body + STSD_HEADER + 16), end - body - STSD_HEADER);
  if (entry === null) return null;
  const stop = body + STSD_HEADER + entry.bytes;
  for (let at = body + STSD_HEADER + entry.headerBytes + VISUAL_ENTRY_HEADER; at < stop; ) {
    const box = parseBoxHeader(await read(at, Math.min(at + 16, stop)), stop - at);
    if (box === null) return null;
    if (box.type === "colr") {
      const data = await read(at + box.headerBytes, Math.min(at + box.bytes, at + box.headerBytes + 11));
      const kind = String.fromCharCode(...data.subarray(0, 4));
      if (data.length < 10 || (kind !== "nclx" && kind !== "nclc")) return null;
      const two = (i: number) => (data[i] as number) * 256 + (data[i + 1] as number);
      const fullRange = kind === "nclx" && data.length > 10 ? ((data[10] as number) & 128) !== 0 : null;
      return { primaries: two(4), transfer: two(6), matrix: two(8), fullRange };
    }
    at += box.bytes;
  }
  return null;
}
