import { deflateSync } from "node:zlib";

/** An RGB picture. */
export interface Picture {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** [height, width, 3], row-major. */
  readonly rgb: Uint8Array;
}

/** Puts equally large pictures into a grid, `columns` wide, with a gap of 4 white pixels. */
export function contactSheet(pictures: readonly Picture[], columns: number): Picture {
  const first = pictures[0];
  if (!first) throw new RangeError("a contact sheet needs at least one picture, found none");
  const gap = 4;
  const rows = Math.ceil(pictures.length / columns);
  const width = columns * (first.width + gap) + gap;
  const height = rows * (first.height + gap) + gap;
  const rgb = new Uint8Array(width * height * 3).fill(255);
  pictures.forEach((picture, i) => {
    const left = gap + (i % columns) * (first.width + gap);
    const top = gap + Math.floor(i / columns) * (first.height + gap);
    for (let y = 0; y < picture.height; y++) {
      rgb.set(picture.rgb.subarray(y * picture.width * 3, (y + 1) * picture.width * 3), ((top + y) * width + left) * 3);
    }
  });
  return { width, height, rgb };
}

/** Encodes a picture as PNG (8-bit RGB, no filter). */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, rgb } = picture;
  const rows = new Uint8Array(height * (width * 3 + 1));
  for (let y = 0; y < height; y++) rows.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
