import { pythonSplit } from "@videosafety/safety-data";
import { editDistance, numberedEditDistance } from "./edit-distance.js";

/** Splits a text into the units that an error rate counts. */
export function errorRateUnits(text: string, unit: "word" | "character"): string[] {
  return unit === "word" ? pythonSplit(text) : [...text.trim()];
}

/**
 * Edits needed to turn the hypothesis into the reference over the reference's length: word error rate, or character
 * error rate with unit "character" (code points, outer white space off). No normalisation of case or punctuation. May
 * exceed 1. Null for an empty reference, whose rate is undefined.
 */
export function errorRate(reference: string, hypothesis: string, unit: "word" | "character" = "word"): number | null {
  if (unit === "character") return characterErrorRate(reference.trim(), hypothesis.trim());
  const units = errorRateUnits(reference, unit);
  if (units.length === 0) return null;
  return editDistance(units, errorRateUnits(hypothesis, unit)) / units.length;
}

/**
 * The same, but at most 1: what a reward of 1 - rate can tell apart. A hypothesis of twice the reference's length or more is at 1
 * without a look at its units, so that a long text costs next to nothing.
 */
export function cappedErrorRate(reference: string, hypothesis: string, unit: "word" | "character"): number | null {
  const shortest = unit === "character" ? 2 : Infinity; // a code point is at most two UTF-16 units; a word has any length
  if (hypothesis.trim().length / shortest >= 2 * reference.trim().length && reference.trim() !== "") return 1;
  if (unit === "character") {
    const rate = characterErrorRate(reference.trim(), hypothesis.trim());
    return rate === null ? null : Math.min(1, rate);
  }
  const units = pythonSplit(reference);
  if (units.length === 0) return null;
  const others = pythonSplit(hypothesis);
  return others.length >= 2 * units.length ? 1 : Math.min(1, editDistance(units, others) / units.length);
}

/** Over code points as they are: a string for each would take longer than the distance. */
function characterErrorRate(reference: string, hypothesis: string): number | null {
  const numbers = new Map<number, number>();
  const ascii = new Int32Array(128).fill(-1);
  let count = 0;
  const numbered = (text: string): Int32Array => {
    const result = new Int32Array(text.length);
    let length = 0;
    for (let i = 0; i < text.length; ) {
      const code = text.codePointAt(i) as number;
      let number = code < 128 ? (ascii[code] as number) : (numbers.get(code) ?? -1);
      if (number === -1) {
        number = count++;
        if (code < 128) ascii[code] = number;
        else numbers.set(code, number);
      }
      result[length++] = number;
      i += code > 0xffff ? 2 : 1;
    }
    return result.subarray(0, length);
  };
  const units = numbered(reference);
  if (units.length === 0) return null;
  const others = numbered(hypothesis);
  return numberedEditDistance(units, others, count) / units.length;
}

/** One step of an alignment; a side is null where the other has a unit of its own. */
export interface AlignedUnit {
  readonly operation: "equal" | "substitute" | "delete" | "insert";
  /** Unit of the reference; null for an insertion. */
  readonly reference: string | null;
  /** Unit of the hypothesis; null for a deletion. */
  readonly hypothesis: string | null;
}

const MAX_CELLS = 1 << 26;

/**
 * A cheapest alignment of two texts, from start to end. On ties a substitution goes before a deletion, and that before
 * an insertion. Quadratic: meant for looking at errors, not for rewards.
 * @throws RangeError above 2^26 pairs of units
 */
export function alignTexts(reference: string, hypothesis: string, unit: "word" | "character" = "word"): AlignedUnit[] {
  const a = errorRateUnits(reference, unit);
  const b = errorRateUnits(hypothesis, unit);
  const columns = b.length + 1;
  const cells = (a.length + 1) * columns;
  if (cells > MAX_CELLS)
    throw new RangeError(
      `expected at most ${MAX_CELLS} pairs of units, found ${cells}: use errorRate, or split the texts`,
    );
  const cost = new Uint32Array(cells);
  const at = (i: number, j: number): number => cost[i * columns + j] as number;
  for (let j = 0; j < columns; j++) cost[j] = j;
  for (let i = 1; i <= a.length; i++) {
    cost[i * columns] = i;
    for (let j = 1; j < columns; j++)
      cost[i * columns + j] = Math.min(
        at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
      );
  }
  const steps: AlignedUnit[] = [];
  let i = a.length;
  let j = b.length;
  while (i > 0 || j > 0) {
    const [left, right] = [a[i - 1] ?? null, b[j - 1] ?? null];
    if (i > 0 && j > 0 && at(i, j) === at(i - 1, j - 1) + (left === right ? 0 : 1)) {
      steps.push({ operation: left === right ? "equal" : "substitute", reference: left, hypothesis: right });
      i--;
      j--;
    } else if (i > 0 && at(i, j) === at(i - 1, j) + 1) {
      steps.push({ operation: "delete", reference: left, hypothesis: null });
      i--;
    } else {
      steps.push({ operation: "insert", reference: null, hypothesis: right });
      j--;
    }
  }
  return steps.reverse();
}
