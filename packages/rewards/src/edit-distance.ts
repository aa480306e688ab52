/**
 * Levenshtein distance of two sequences (insertion, deletion and substitution cost 1). Bit-parallel (Myers 1999, in
 * Hyyrö's block form): O(n ceil(m / 32)) for the shorter length m.
 */
export function editDistance(a: readonly string[], b: readonly string[]): number {
  let start = 0;
  let endA = a.length;
  let endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start++;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const restA = a.slice(start, endA);
  const restB = b.slice(start, endB);
  return restA.length <= restB.length ? blockDistance(restA, restB) : blockDistance(restB, restA);
}

function blockDistance(pattern: readonly string[], text: readonly string[]): number {
  const m = pattern.length;
  if (m === 0) return text.length;
  const blocks = (m + 31) >>> 5;
  const masks = new Map<string, Map<number, number>>();
  pattern.forEach((token, i) => {
    let mask = masks.get(token);
    if (!mask) {
      mask = new Map();
      masks.set(token, mask);
    }
    mask.set(i >>> 5, (mask.get(i >>> 5) ?? 0) | (1 << (i & 31)));
  });
  const noMask: ReadonlyMap<number, number> = new Map();
  // Vertical differences down a column: bit i of `plus` (`minus`) says that D[i+1] - D[i] is +1 (-1).
  const plus = new Int32Array(blocks).fill(-1);
  const minus = new Int32Array(blocks);
  const lastBit = 1 << ((m - 1) & 31);
  let distance = m;
  for (const token of text) {
    const mask = masks.get(token) ?? noMask;
    let carry = 1; // horizontal difference that enters a block from above: +1 at the top row
    for (let block = 0; block < blocks; block++) {
      const pv = plus[block] as number;
      const mv = minus[block] as number;
      const equal = mask.get(block) ?? 0;
      const xv = equal | mv;
      const eq = carry < 0 ? equal | 1 : equal;
      const xh = ((((eq & pv) + pv) | 0) ^ pv) | eq;
      let ph = mv | ~(xh | pv);
      let mh = pv & xh;
      const top = block === blocks - 1 ? lastBit : 1 << 31;
      const next = ph & top ? 1 : mh & top ? -1 : 0;
      ph <<= 1;
      mh <<= 1;
      if (carry < 0) mh |= 1;
      else if (carry > 0) ph |= 1;
      plus[block] = mh | ~(xv | ph);
      minus[block] = ph & xv;
      carry = next;
    }
    distance += carry;
  }
  return distance;
}
