import { type DisplayRotation, rotationFromDisplayMatrix } from "./display-rotation.js";

/** SEI payload type of a display orientation, in H.264 and HEVC. */
const DISPLAY_ORIENTATION = 47;
/** Bytes of a packet that are looked at: SEI messages stand before the first slice. */
const SEARCHED_BYTES = 2 ** 16;

/**
 * The display orientation that a bitstream itself asks for (cameras that write raw streams, some encoders in MPEG-TS).
 * @param codec `h264` or `hevc`; others have none
 * @param packet the first packet, with start codes or lengths before its units
 * @param extradata the container's codec header, which says which of the two
 * @returns null when it asks for none
 * @see ITU-T H.264 D.1.27 and D.2.27, H.265 D.2.14 and D.3.14
 */
export function orientationInBitstream(
  codec: string,
  packet: Uint8Array,
  extradata: Uint8Array | null,
): DisplayRotation | null {
  if (codec !== "h264" && codec !== "hevc") return null;
  for (const unit of unitsOf(packet.subarray(0, SEARCHED_BYTES), lengthBytes(codec, extradata))) {
    const first = unit[0] ?? 0;
    const type = codec === "h264" ? first & 31 : (first >> 1) & 63;
    if (codec === "h264" ? type !== 6 : type !== 39) continue;
    const found = orientationOf(withoutEmulation(unit.subarray(codec === "h264" ? 1 : 2)));
    if (found !== null) return found;
  }
  return null;
}

/** Bytes of the length before each unit; 0 where start codes part them. */
function lengthBytes(codec: string, extradata: Uint8Array | null): number {
  if (extradata?.[0] !== 1) return 0;
  return ((extradata[codec === "h264" ? 4 : 21] ?? 3) & 3) + 1;
}

function* unitsOf(bytes: Uint8Array, prefix: number): Generator<Uint8Array> {
  if (prefix > 0) {
    for (let at = 0; at + prefix <= bytes.length; ) {
      let length = 0;
      for (let i = 0; i < prefix; i++) length = length * 256 + (bytes[at + i] as number);
      yield bytes.subarray(at + prefix, at + prefix + length);
      at += prefix + length;
    }
    return;
  }
  let start = -1;
  for (let at = 0; at + 3 <= bytes.length; at++) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) continue;
    if (start !== -1) yield bytes.subarray(start, at);
    start = at + 3;
    at += 2;
  }
  if (start !== -1) yield bytes.subarray(start);
}

/** Drops the 3 of every 0 0 3, which keeps start codes out of payloads. */
function withoutEmulation(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte, i) => !(byte === 3 && i >= 2 && bytes[i - 1] === 0 && bytes[i - 2] === 0));
}

function orientationOf(messages: Uint8Array): DisplayRotation | null {
  for (let at = 0; at + 2 < messages.length; ) {
    const number = (): number => {
      let value = 0;
      while (messages[at] === 255) {
        value += 255;
        at++;
      }
      return value + (messages[at++] ?? 0);
    };
    const [type, length] = [number(), number()];
    const body = messages.subarray(at, at + length);
    if (type === DISPLAY_ORIENTATION && body.length >= 3) {
      const bits = ((body[0] as number) << 16) | ((body[1] as number) << 8) | (body[2] as number);
      if ((bits >> 23) & 1) return null; // cancelled
      return rotationOf((bits >> 22) & 1, (bits >> 21) & 1, (bits >> 5) & 0xffff);
    }
    at += length;
  }
  return null;
}

/** The display matrix as libav builds it: flips are applied first, which turns the sense of the rotation. */
function rotationOf(horizontalFlip: number, verticalFlip: number, anticlockwise: number): DisplayRotation | null {
  const turn = ((anticlockwise * 2 * Math.PI) / 65536) * (1 - 2 * horizontalFlip) * (1 - 2 * verticalFlip);
  const fixed = (value: number) => Math.round(value * 65536);
  const [x, y] = [1 - 2 * horizontalFlip, 1 - 2 * verticalFlip];
  const matrix = new DataView(new ArrayBuffer(36));
  const entries = [
    fixed(Math.cos(turn)) * x,
    fixed(-Math.sin(turn)) * y,
    0,
    fixed(Math.sin(turn)) * x,
    fixed(Math.cos(turn)) * y,
    0,
    0,
    0,
    2 ** 30,
  ];
  for (const [i, value] of entries.entries()) matrix.setInt32(i * 4, value, true);
  const rotation = rotationFromDisplayMatrix(new Uint8Array(matrix.buffer));
  return rotation.filters.length === 0 ? null : rotation;
}
