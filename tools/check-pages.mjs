// Holds the Markdown pages against the repository: source paths and symbols that PAPER.md and docs/paper name exist, relative
// links lead somewhere, every decision has a status and stands in the index, READMEs stay short,
// the demo's table is that of its results files.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { demoTable } from "./demo-table.mjs";
import { filesBelow, finish, root, workspacePackages } from "./packages.mjs";

const MOST_WORDS = 1200;
const findings = [];
const read = (path) => readFileSync(join(root, path), "utf8");
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...["docs", "packages", "examples"].flatMap((folder) =>
    filesBelow(join(root, folder), ".md").map((path) => relative(root, path)),
  ),
].filter((page) => !page.startsWith("docs/reference/"));
const sources = ["packages", "examples", "tools"].flatMap((folder) =>
  [".ts", ".mjs", ".py", ".wat"].flatMap((ending) => filesBelow(join(root, folder), ending)),
);

/** `path#symbol` of a page of the paper map; a bare name is looked for in the package named last (per row), or in the page's own. */
function checkPaperPage(page) {
  const own = /^docs\/paper\/(.+)\.md$/.exec(page)?.[1];
  let home;
  let last;
  for (const line of read(page).split("\n")) {
    if (own !== undefined) home = `packages/${own}/`;
    for (const [, path, symbol] of line.matchAll(/`([\w@./-]*\.(?:ts|mjs|py|wat))?(?:#([\w.]+))?`/g)) {
      if (path === undefined && symbol === undefined) continue;
      const folder = /^(?:packages|examples)\/[^/]+\//.exec(path ?? "")?.[0];
      if (folder !== undefined) home = folder;
      if (path !== undefined) last = filesNamed(path, home);
      if (last?.length !== 1) {
        findings.push(`${page}: \`${path ?? `#${symbol}`}\`: expected one file in ${home}, found ${last?.length ?? 0}`);
        continue;
      }
      const name = symbol?.split(".").at(-1);
      if (name !== undefined && !new RegExp(`\\b${name}\\b`).test(readFileSync(last[0], "utf8")))
        findings.push(`${page}: ${relative(root, last[0])} has no ${name}`);
    }
  }
}

function filesNamed(path, home) {
  if (/^(?:packages|examples|tools)\//.test(path)) return [join(root, path)].filter(existsSync);
  return sources.filter((file) => file.endsWith(`/${path}`) && relative(root, file).startsWith(`${home ?? ""}src/`));
}

/** Where a link of the documentation site may lead; its API reference is generated. */
function sitePages(target) {
  if (target.startsWith("/reference/")) return [root];
  const path = join(root, "docs", target);
  return [`${path}.md`, join(path, "index.md"), join(path, "README.md"), join(root, "docs/public", target)];
}

for (const page of pages) {
  const text = read(page);
  for (const [, target] of text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const there = target.startsWith("/")
      ? sitePages(target)
      : [resolve(root, dirname(page), decodeURI(target)), resolve(root, dirname(page), `${decodeURI(target)}.md`)];
    if (!there.some(existsSync)) findings.push(`${page}: dead link ${target}`);
  }
  if (page === "PAPER.md" || page.startsWith("docs/paper/")) checkPaperPage(page);
  if (basename(page) === "README.md") {
    const words = text.split(/\s+/).filter(Boolean).length;
    if (words > MOST_WORDS)
      findings.push(`${page}: ${words} words, at most ${MOST_WORDS}: move reference and measurements to docs/`);
  }
}

const experiments = read("docs/experiments.md");
const demoRows = demoTable();
if (demoRows.length === 0) findings.push("docs/experiments.md: the demo's table stands on no results");
for (const row of demoRows)
  if (!experiments.includes(row))
    findings.push(`docs/experiments.md: the demo's table lacks a row of its results: ${row}`);

// What the site's first page answers for somebody who does not know the paper. A script finds the words; whether they are understood, a reader tells.
const FIRST_PAGE = [
  ["what goes wrong without it, in a number", /89\.3 %[\s\S]*18\.4 %/],
  ["what it does about that", /measures[\s\S]*trains[\s\S]*guards/],
  ["where the idea comes from", /arxiv\.org\/abs\/2505\.16643/],
  ["how it works, step by step, and drawn", /<img src="\/flow\.svg" alt="[^"]{80,}[\s\S]*1\. \*\*[\s\S]*4\. \*\*/],
  ["what the two rates count", /\(DSR\): the share[\s\S]*\(FRR\): the share/],
  ["what it needs and what it does not", /Node >= [\s\S]*No Python and no GPU/],
  ["under which licence", /\bMIT\b/],
  ["what it does not promise", /does not show[\s\S]*\(\/limits\)/],
  ["how to see it run", /npm run demo/],
];
const firstPage = read("docs/index.md");
for (const [question, answer] of FIRST_PAGE)
  if (!answer.test(firstPage)) findings.push(`docs/index.md: does not say ${question}`);
// Two packages serve the others and are nobody's reason to come.
for (const { short } of workspacePackages().filter(({ short }) => !["random", "endpoint"].includes(short)))
  if (!firstPage.includes(`\`${short}\``)) findings.push(`docs/index.md: does not say what ${short} is for`);

const index = read("docs/decisions/README.md");
for (const name of readdirSync(join(root, "docs/decisions"))) {
  if (name === "README.md") continue;
  if (!/^Status: (?:proposed|accepted|replaced by \S+), \d{4}-\d\d-\d\d\.$/m.test(read(`docs/decisions/${name}`)))
    findings.push(`docs/decisions/${name}: expected a line "Status: accepted, 2026-01-31."`);
  if (!index.includes(`](${name})`)) findings.push(`docs/decisions/${name}: not in docs/decisions/README.md`);
}

finish(`pages: ${pages.length}`, findings);
