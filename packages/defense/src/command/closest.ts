/** Insertions, deletions, exchanges and swaps of neighbours between two short words. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 1; j <= b.length; j += 1) (rows[0] as number[])[j] = j;
  for (let i = 1; i <= a.length; i += 1) {
    const row = rows[i] as number[];
    const above = rows[i - 1] as number[];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min((above[j] as number) + 1, (row[j - 1] as number) + 1, (above[j - 1] as number) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j] as number, ((rows[i - 2] as number[])[j - 2] as number) + 1);
    }
  }
  return (rows[a.length] as number[])[b.length] as number;
}

/** Longest word that is compared; longer ones have no suggestion. */
const LONGEST = 60;
const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, "");

/**
 * The name that was probably meant: letters and digits compared without case, at most a third of them wrong.
 *
 * @returns null when none is near
 */
export function closest(found: string, known: readonly string[]): string | null {
  const word = plain(found);
  if (word === "" || word.length > LONGEST) return null;
  const ranked = known
    .map((name) => ({ name, wrong: distance(word, plain(name)) }))
    .sort((a, b) => a.wrong - b.wrong || a.name.localeCompare(b.name));
  const [best] = ranked;
  return best !== undefined && best.wrong <= Math.max(1, Math.floor(word.length / 3)) ? best.name : null;
}
