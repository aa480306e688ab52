import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { degradationFigure, degradationSchema, degradationTable, finalTable } from "./degradation-report.js";

/*
 * The table and the figure of a degradation run, from its results file alone; of several, how each ended:
 *
 *   npx tsx examples/sign-world/src/base/draw-degradation.ts degradation/degradation.json [--svg degradation.svg]
 *   npx tsx examples/sign-world/src/base/draw-degradation.ts docs/experiments/degradation-*.json
 */
const { values, positionals } = parseArgs({ options: { svg: { type: "string" } }, allowPositionals: true });
const [file, ...more] = positionals;
if (file === undefined || (more.length > 0 && values.svg !== undefined)) {
  console.error(
    "expected results files, and --svg with one only: draw-degradation.ts <degradation.json> [--svg <file>]",
  );
  process.exit(2);
}
const read = (path: string) => degradationSchema.parse(JSON.parse(readFileSync(path, "utf8")));
const results = read(file);
console.log(more.length === 0 ? degradationTable(results) : finalTable([results, ...more.map(read)]));
if (values.svg !== undefined) writeFileSync(values.svg, degradationFigure(results));
