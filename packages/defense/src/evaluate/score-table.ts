import type { Scores } from "./scorers-node.js";

/** Scores of a run's checkpoints as text: one line per name, one column per checkpoint in percent, and of how many. Empty without scores. */
export function scoreTable(scores: Readonly<Record<string, Scores["scores"]>>): string {
  const { names, cells } = scoreRows(scores);
  if (names.length === 0) return "";
  const checkpoints = Object.keys(scores);
  const wide = Math.max(...names.map((name) => name.length));
  const widths = checkpoints.map((name) => Math.max(7, name.length));
  const line = (name: string, values: readonly string[], of: string): string =>
    `${name.padEnd(wide)} ${values.map((value, i) => value.padStart(widths[i] as number)).join(" ")}${of}`;
  const rows = names.map((name, i) => {
    const of = Math.max(...checkpoints.map((checkpoint) => scores[checkpoint]?.[name]?.of ?? 0));
    return line(name, cells[i] as string[], `  of ${of}`);
  });
  return [line("%", checkpoints, ""), ...rows].join("\n");
}

/** Names in alphabetical order, and of each one cell per checkpoint. */
export function scoreRows(scores: Readonly<Record<string, Scores["scores"]>>): {
  readonly names: readonly string[];
  readonly cells: readonly (readonly string[])[];
} {
  const checkpoints = Object.values(scores);
  const names = [...new Set(checkpoints.flatMap((one) => Object.keys(one)))].sort();
  const cells = names.map((name) =>
    checkpoints.map((one) => {
      const share = one[name];
      return share === undefined ? "-" : ((100 * share.count) / share.of).toFixed(1);
    }),
  );
  return { names, cells };
}
