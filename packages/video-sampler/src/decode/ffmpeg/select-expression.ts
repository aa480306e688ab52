/**
 * An expression of ffmpeg's select filter that is true for the given values: a binary tree of comparisons over runs of equally
 * spaced neighbours. A flat sum of equalities fails in ffmpeg above about 100 terms.
 * @param values integers, ascending and distinct
 */
export function selection(by: "pts" | "n", values: readonly number[]): string {
  return tree(by, consecutiveRuns(values));
}

interface Run {
  readonly first: number;
  readonly last: number;
}

/** Runs of neighbouring integers; times are neighbours only where a tick is a frame. */
function consecutiveRuns(values: readonly number[]): Run[] {
  const runs: { first: number; last: number }[] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run !== undefined && value === run.last + 1) run.last = value;
    else runs.push({ first: value, last: value });
  }
  return runs;
}

function tree(by: string, runs: readonly Run[]): string {
  const [{ first, last }] = runs as [Run];
  if (runs.length === 1) return first === last ? `eq(${by},${first})` : `between(${by},${first},${last})`;
  const middle = runs.length >>> 1;
  const pivot = (runs[middle] as Run).first;
  return `if(lt(${by},${pivot}),${tree(by, runs.slice(0, middle))},${tree(by, runs.slice(middle))})`;
}
