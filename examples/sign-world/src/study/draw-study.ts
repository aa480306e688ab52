import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readStudy } from "./study-evidence-node.js";
import { studyFigure } from "./study-figure.js";
import { readmeRows, studyPage } from "./study-page.js";
import { byArm } from "./study-report.js";

/*
 * The page and the figure of the study, from its committed results alone; the figure stands beside the results. Prints the rows of
 * the README's table:
 *
 *   npx tsx examples/sign-world/src/study/draw-study.ts docs/experiments/study docs/experiments/study.md
 */
const { positionals } = parseArgs({ allowPositionals: true });
const [folder, page] = positionals;
if (folder === undefined || page === undefined || positionals.length > 2) {
  console.error("expected the folder of results and the page to write: draw-study.ts <folder> <page.md>");
  process.exit(2);
}
const evidence = readStudy(folder);
writeFileSync(page, studyPage(evidence));
writeFileSync(join(folder, "study.svg"), studyFigure(byArm(evidence.results)));
for (const row of readmeRows(evidence.results)) console.log(row);
