import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readAllResults } from "./arm-results-node.js";
import { studyPage } from "./study-page.js";

/*
 * The page of the study, from its committed results alone:
 *
 *   npx tsx examples/sign-world/src/study/draw-study.ts docs/experiments/study docs/experiments/study.md
 */
const { positionals } = parseArgs({ allowPositionals: true });
const [folder, page] = positionals;
if (folder === undefined || page === undefined || positionals.length > 2) {
  console.error("expected the folder of results and the page to write: draw-study.ts <folder> <page.md>");
  process.exit(2);
}
writeFileSync(page, studyPage(readAllResults(folder)));
