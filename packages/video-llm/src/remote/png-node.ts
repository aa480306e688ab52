import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/** An 8-bit RGB image [height, width, 3] as the bytes of a PNG file (lossless, so that a server sees the same pixels). */
export function encodePng(data: Uint8Array, height: number, width: number): Uint8Array {
  const lineBytes = width * 3;
  const lines = new Uint8Array(height * (lineBytes + 1)); // each line starts with filter type 0: none
  for (let y = 0; y < height; y++)
    lines.set(data.subarray(y * lineBytes, (y + 1) * lineBytes), y * (lineBytes + 1) + 1);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8); // bits a channel
  header.setUint8(9, 2); // RGB
  const chunks = [
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return Buffer.concat([SIGNATURE, ...chunks]);
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(body, 8);
  view.setUint32(body.length + 8, crc32(out.subarray(4, body.length + 8)));
  return out;
}
