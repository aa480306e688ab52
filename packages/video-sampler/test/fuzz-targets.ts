import type { FuzzTarget } from "../../../fuzz.shared.js";
import { VideoSamplerError } from "../src/errors.js";
import { claimedContainer, unsupportedFormat } from "../src/source/container-signature.js";
import { readMatroskaColors } from "../src/source/matroska-colors.js";
import { mp4IndexRanges } from "../src/source/mp4-boxes.js";
import { readMp4Tracks } from "../src/source/mp4-facts.js";

const box = (type: string, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
};
const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i);
  });
  return bytes;
};
const colr = box("colr", Buffer.from("nclx"), Buffer.from([0, 1, 0, 1, 0, 1, 128]));
const entry = box("avc1", Buffer.alloc(78), colr);
const table = box(
  "stbl",
  box("stsd", words(0, 1), entry),
  box("stts", words(0, 1, 10, 512)),
  box("stsz", words(0, 100, 10)),
  box("stco", words(0, 1, 48)),
);
const media = box(
  "mdia",
  box("mdhd", words(0, 0, 0, 12_800, 5120, 0)),
  box("hdlr", words(0, 0), Buffer.from("vide"), Buffer.alloc(13)),
  box("minf", table),
);
const mp4 = Buffer.concat([
  box("ftyp", Buffer.from("isom"), words(512)),
  box("mdat", Buffer.alloc(100)),
  box("moov", box("mvhd", Buffer.alloc(100)), box("trak", box("tkhd", Buffer.alloc(84)), media)),
]);
const element = (id: number[], ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(id), Buffer.from([0x40 | (body.length >> 8), body.length & 255]), body]);
};
const color = element([0x55, 0xb0], element([0x55, 0xb1], Buffer.from([1])), element([0x55, 0xb9], Buffer.from([2])));
const track = element([0xae], element([0x83], Buffer.from([1])), element([0xe0], color));
const matroska = Buffer.concat([
  element([0x1a, 0x45, 0xdf, 0xa3]),
  element([0x18, 0x53, 0x80, 0x67], element([0x16, 0x54, 0xae, 0x6b], track)),
]);

const reader = (bytes: Uint8Array) => async (start: number, end: number) => bytes.subarray(start, end);

/** Parsers of this package, as `pnpm fuzz` finds them; decoders have `test/fuzz.ts`. */
export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "MP4 boxes",
    kind: "bytes",
    corpus: [mp4],
    words: [
      "moov",
      "trak",
      "stsd",
      "colr",
      "stsz",
      "co64",
      "moof",
      "\u0000\u0000\u0000\u0001",
      "\u0000\u0000\u0000\u0000",
    ],
    refusals: [VideoSamplerError],
    async read(bytes: Uint8Array) {
      await readMp4Tracks(bytes.length, reader(bytes));
      await mp4IndexRanges(bytes.length, reader(bytes));
    },
  },
  {
    name: "Matroska elements",
    kind: "bytes",
    corpus: [matroska],
    refusals: [VideoSamplerError],
    read: (bytes: Uint8Array) => readMatroskaColors(bytes.length, reader(bytes)),
  },
  {
    name: "signatures of files",
    kind: "bytes",
    corpus: [mp4.subarray(0, 64), matroska, "#EXTM3U\nhttp://", "RIFF....AVI ", "GIF89a", "ffconcat version 1.0"],
    refusals: [],
    read: (bytes: Uint8Array) => [claimedContainer(bytes), unsupportedFormat(bytes)],
  },
];
