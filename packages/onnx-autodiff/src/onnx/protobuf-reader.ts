import { FileFormatError } from "../errors.js";

/** One field of a protobuf message: a number for varints and fixed32, bytes (a view) for the rest. */
export interface Field {
  readonly number: number;
  /** 0 varint, 1 64-bit, 2 length-delimited, 5 32-bit. */
  readonly wire: number;
  /** Varint as a signed 64-bit integer; 0n for the other wire types. */
  readonly value: bigint;
  /** Bytes of wire types 1, 2 and 5. */
  readonly bytes: Uint8Array;
}

/** Most dimensions a tensor may have. */
export const MAX_RANK = 16;

const EMPTY = new Uint8Array(0);

/** Reads the fields of one message; every length is checked against the message before it is used. @throws FileFormatError */
export function* fields(message: Uint8Array, label: string): Generator<Field> {
  let at = 0;
  const fail = (what: string): FileFormatError =>
    new FileFormatError(`${label}: ${what} at byte ${at} of ${message.length}; the file is damaged or truncated`);
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw fail("an unfinished number");
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, result);
    }
    throw fail("a number of more than 64 bits");
  };
  const take = (length: number): Uint8Array => {
    if (!(length >= 0 && at + length <= message.length)) throw fail(`a field of ${length} bytes`);
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = Number(BigInt.asUintN(32, varint()));
    const [number, wire] = [key >>> 3, key & 7];
    if (wire === 0) yield { number, wire, value: varint(), bytes: EMPTY };
    else if (wire === 1) yield { number, wire, value: 0n, bytes: take(8) };
    else if (wire === 2) yield { number, wire, value: 0n, bytes: take(Number(varint())) };
    else if (wire === 5) yield { number, wire, value: 0n, bytes: take(4) };
    else throw fail(`an unknown wire type ${wire}`);
  }
}

/** A repeated integer field, packed or not. */
export function integersOf(field: Field, label: string): bigint[] {
  if (field.wire === 0) return [field.value];
  delimited(field, label);
  const found: bigint[] = [];
  // A packed list is a message of bare varints: read it by prefixing nothing, byte by byte.
  let result = 0n;
  let shift = 0n;
  for (const byte of field.bytes) {
    result |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) {
      found.push(BigInt.asIntN(64, result));
      result = 0n;
      shift = 0n;
    } else if (shift >= 70n) throw new FileFormatError(`${label}: a number of more than 64 bits`);
  }
  if (shift > 0n) throw new FileFormatError(`${label}: an unfinished number`);
  return found;
}

/** The bytes of a field that must be a message, text or bytes. @throws FileFormatError */
export function delimited(field: Field, label: string): Uint8Array {
  if (field.wire !== 2)
    throw new FileFormatError(`${label}: expected a message, found wire type ${field.wire}; the file is damaged`);
  return field.bytes;
}

/** The value of a field that must be an integer. @throws FileFormatError */
export function varint(field: Field, label: string): bigint {
  if (field.wire !== 0)
    throw new FileFormatError(`${label}: expected an integer, found wire type ${field.wire}; the file is damaged`);
  return field.value;
}

/** The same as a JavaScript number. @throws FileFormatError when it does not fit */
export const numberOf = (field: Field, label: string): number => safeInteger(varint(field, label), label);

/** A repeated float field, packed or not. @throws FileFormatError */
export const floatsOf = (field: Field, label: string): number[] =>
  elementsOf(field, 5, 4, label, (view, at) => view.getFloat32(at, true));

/** A repeated double field, packed or not. @throws FileFormatError */
export const doublesOf = (field: Field, label: string): number[] =>
  elementsOf(field, 1, 8, label, (view, at) => view.getFloat64(at, true));

function elementsOf(
  { wire, bytes }: Field,
  single: number,
  size: number,
  label: string,
  read: (view: DataView, at: number) => number,
): number[] {
  if ((wire !== 2 && wire !== single) || bytes.length % size !== 0)
    throw new FileFormatError(
      `${label}: expected numbers of ${size} bytes, found ${bytes.length} bytes of wire type ${wire}; the file is damaged`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / size }, (_, i) => read(view, i * size));
}

/** UTF-8 text. @throws FileFormatError on other bytes */
export function textOf(bytes: Uint8Array, label: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FileFormatError(`${label}: expected UTF-8 text`, { cause });
  }
}

/** An integer that fits a JavaScript number. @throws FileFormatError */
export function safeInteger(value: bigint, label: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new FileFormatError(`${label}: ${value} does not fit`);
  return number;
}
