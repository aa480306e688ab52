/**
 * A function of code points, remembered in pages of 256: what a regular expression over a Unicode property would ask again for every
 * letter is asked once. Values are whole numbers in [0, 255]. Bounded by the size of Unicode (1.1 MB).
 */
export function codePointTable(classify: (character: string) => number): (code: number) => number {
  const pages: (Uint8Array | undefined)[] = new Array(0x1100).fill(undefined);
  const fill = (page: number): Uint8Array => {
    const values = Uint8Array.from({ length: 256 }, (_, i) => classify(String.fromCodePoint(page * 256 + i)));
    pages[page] = values;
    return values;
  };
  return (code) => (pages[code >>> 8] ?? fill(code >>> 8))[code & 255] as number;
}
