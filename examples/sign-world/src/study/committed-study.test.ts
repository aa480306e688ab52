import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { degradationFigure, degradationSchema, degradationTable, finalTable } from "../base/degradation-report.js";
import { readStudy } from "./study-evidence-node.js";
import { studyFigure } from "./study-figure.js";
import { readmeRows, studyPage } from "./study-page.js";
import { byArm } from "./study-report.js";

const file = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(file(path), "utf8");
const evidence = readStudy(file("docs/experiments/study"));

test("the study's page, its figure and the README's table are those of the committed results", {
  timeout: 60_000,
}, () => {
  expect(read("docs/experiments/study.md")).toBe(studyPage(evidence));
  expect(read("docs/experiments/study/study.svg")).toBe(studyFigure(byArm(evidence.results)));
  const readme = read("README.md");
  const rows = readmeRows(evidence.results);
  expect(rows.length).toBeGreaterThan(5);
  for (const row of rows) expect(readme).toContain(row);
});

test("the degradation's figures and tables are those of the committed results", () => {
  const names = readdirSync(file("docs/experiments")).filter((name) => /^degradation-.*\.json$/.test(name));
  const runs = names.sort().map((name) => degradationSchema.parse(JSON.parse(read(`docs/experiments/${name}`))));
  expect(names.length).toBeGreaterThan(1);
  const page = read("docs/experiments/world.md");
  expect(page).toContain(finalTable(runs));
  names.forEach((name, i) => {
    const figure = `docs/experiments/${name.replace(/json$/, "svg")}`;
    if (!existsSync(file(figure))) return;
    expect(read(figure)).toBe(degradationFigure(runs[i] as (typeof runs)[number]));
    expect(page).toContain(degradationTable(runs[i] as (typeof runs)[number]));
  });
});
