/** What a strict object takes: its members, and the values of those that take one of several words. */
export interface Vocabulary {
  /** Names of the members. */
  readonly members: readonly string[];
  /** Words by member. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

/**
 * The end of an error message that names what was probably meant: ` Did you mean "size" (for "sise")?`; empty where nothing is near.
 * @param given what the caller passed
 */
export function suggestions(given: unknown, { members, values }: Vocabulary): string {
  if (typeof given !== "object" || given === null) return "";
  const near = Object.keys(given).flatMap((name) => (members.includes(name) ? [] : suggestion(name, members)));
  const words = Object.entries(values).flatMap(([name, known]) => {
    const value: unknown = (given as Record<string, unknown>)[name];
    return typeof value === "string" && !known.includes(value) ? suggestion(value, known) : [];
  });
  const all = [...near, ...words];
  return all.length === 0 ? "" : `\nDid you mean ${all.join(" and ")}?`;
}

function suggestion(found: string, known: readonly string[]): string[] {
  const distances = known.map((word) => ({ word, distance: editDistance(found.toLowerCase(), word.toLowerCase()) }));
  const [best] = distances.sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(2, found.length / 3)
    ? [`${JSON.stringify(best.word)} (for ${JSON.stringify(found)})`]
    : [];
}

/** Letters to insert, drop, change or swap with the next. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const at = (y: number, x: number) => rows[y]?.[x] ?? Number.POSITIVE_INFINITY;
      let least = Math.min(
        at(i - 1, j) + 1,
        (row[j - 1] as number) + 1,
        at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
