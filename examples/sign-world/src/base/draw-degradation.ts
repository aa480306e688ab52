import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { degradationFigure, degradationSchema, degradationTable } from "./degradation-report.js";

/*
 * The table and the figure of a degradation run, from its results file alone:
 *
 *   npx tsx examples/sign-world/src/base/draw-degradation.ts degradation/degradation.json [--svg degradation.svg]
 */
const { values, positionals } = parseArgs({ options: { svg: { type: "string" } }, allowPositionals: true });
const [file] = positionals;
if (file === undefined || positionals.length > 1) {
  console.error("expected one results file: draw-degradation.ts <degradation.json> [--svg <file>]");
  process.exit(2);
}
const results = degradationSchema.parse(JSON.parse(readFileSync(file, "utf8")));
console.log(degradationTable(results));
if (values.svg !== undefined) writeFileSync(values.svg, degradationFigure(results));
