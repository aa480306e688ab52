const QUOTE = 34;
const BACKSLASH = 92;

/** Position of the quote that closes the string that opens at `from`; the end of the text when none does. */
export function endOfJsonString(bytes: Uint8Array, from: number): number {
  const first = bytes.indexOf(QUOTE, from + 1);
  if (first < 0) return bytes.length;
  let backslashes = 0;
  while (bytes[first - 1 - backslashes] === BACKSLASH) backslashes++;
  if (backslashes % 2 === 0) return first;
  // A string with escaped quotes: byte by byte from here, since a search for each of them would cost more.
  for (let i = first + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) return i;
  }
  return bytes.length;
}
