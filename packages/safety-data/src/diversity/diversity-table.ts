import type { DiversityMeasures } from "./measure-diversity.js";

const number = (value: number | null | undefined, digits: number): string =>
  value == null ? "-" : value.toFixed(digits);
const percent = (value: number | null | undefined): string => (value == null ? "-" : `${(100 * value).toFixed(1)} %`);

/** A row of a table: a name and measures. */
export type DiversityRow = readonly [name: string, measures: DiversityMeasures];

/** Measures as a Markdown table, one row per set or language. */
export function diversityTable(rows: readonly DiversityRow[], first = "language"): string {
  const orders = Math.max(0, ...rows.map(([, { distinct }]) => distinct.length));
  const shown = [...new Set([1, 2, orders])].filter((n) => n >= 1 && n <= orders);
  const head = [
    first,
    "texts",
    "repeated",
    ...shown.map((n) => `distinct-${n}`),
    "self-BLEU",
    "openings, bits",
    "templates",
    "largest template",
    "gzip ratio",
    "words, mean (sd)",
  ];
  const lines = rows.map(([name, m]) => [
    name,
    m.texts === m.of ? `${m.texts}` : `${m.texts} of ${m.of}`,
    percent(m.repeated),
    ...shown.map((n) => number(m.distinct[n - 1], 3)),
    number(m.selfBleu, 3),
    number(m.openings.entropyBits, 2),
    `${m.templates.count}`,
    percent(m.templates.largest?.share),
    number(m.compressionRatio, 2),
    m.length === null ? "-" : `${number(m.length.mean, 1)} (${number(m.length.standardDeviation, 1)})`,
  ]);
  return `${[head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}
